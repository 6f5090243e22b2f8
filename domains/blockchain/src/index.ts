export { blockchain } from './blockchain.ts';
export { decodeEvent, type Decoded, type DecodedEvent, type DecodeFault, type HotEvent } from './decode/event.ts';
export { ethereumConnector, type EthereumConnector, type EthereumOptions, type Progress } from './ethereum/connector.ts';
export type { Reorg } from './ethereum/record-file.ts';
export type { RpcOptions, Trouble } from './ethereum/rpc.ts';
export { solanaConnector, type SolanaConnector, type SolanaOptions, type SolanaProgress } from './solana/connector.ts';
