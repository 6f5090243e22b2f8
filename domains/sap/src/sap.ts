import type { ContractSet, Domain } from '@skein/product';
import { products, productTexts, salesOrderItemsContent, salesOrders } from './datasphere.ts';
import { bkpf, bseg, bsid, makt, mara, marc, mard, mbew, t001, t001k, t001w, tcurx, vbak, vbap } from './erp.ts';
import { inventoryPosition } from './inventory-position.ts';
import { material } from './material.ts';
import { openReceivables } from './open-receivables.ts';
import { salesOrderItems } from './sales-order-items.ts';
import { datasphereContent, erpTables } from './source.ts';

/** The SAP domain: what it reads, and the products it publishes, by the contracts given. */
export function sap(contracts: Pick<ContractSet, 'get'>): Domain {
  return {
    name: 'sap',
    sources: [erpTables, datasphereContent],
    bronze: [
      mara,
      makt,
      marc,
      mard,
      mbew,
      vbak,
      vbap,
      tcurx,
      t001,
      t001k,
      t001w,
      bseg,
      bkpf,
      bsid,
      products,
      productTexts,
      salesOrders,
      salesOrderItemsContent,
    ],
    products: [
      material(contracts.get('sap.material')),
      inventoryPosition(contracts.get('sap.inventory_position')),
      salesOrderItems(contracts.get('sap.sales_order_items')),
      openReceivables(contracts.get('sap.open_receivables')),
    ],
  };
}
