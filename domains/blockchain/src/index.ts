export { blockchain } from './blockchain.ts';
export { decodeEvent, type Decoded, type DecodedEvent, type DecodeFault, type HotEvent } from './decode/event.ts';
