export { blockchain } from './blockchain.ts';
