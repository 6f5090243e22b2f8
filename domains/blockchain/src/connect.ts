// Apart from the domain itself: whoever only publishes its products need not load what speaks to chains.
export { ethereumConnector, type EthereumConnector, type EthereumOptions, type Progress } from './ethereum/connector.ts';
export type { Reorg } from './ethereum/record-file.ts';
export type { RpcOptions, Trouble } from './ethereum/rpc.ts';
export { solanaConnector, type SolanaConnector, type SolanaOptions, type SolanaProgress } from './solana/connector.ts';
