export { CONTENT_CLIENT } from './datasphere.ts';
export { ERP_SYSTEM } from './erp.ts';
export { sap } from './sap.ts';
