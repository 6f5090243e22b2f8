export { brokerage } from './brokerage.ts';
