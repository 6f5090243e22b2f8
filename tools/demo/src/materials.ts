import { randomFrom } from './random.ts';

/** An article of the demo company: sold on its web site (GA4 `item_id`), kept in its plants (SAP `MATNR`). */
export interface DemoMaterial {
  /** External form, as SAP shows it and as the shop sends it: no leading zeros (`100000127`, `TG-0042`). */
  readonly number: string;
  readonly description: string;
  /** MATKL, and `item_category` of the shop. */
  readonly group: string;
  /** MTART. */
  readonly type: 'FERT' | 'HAWA';
  /** MEINS. */
  readonly unit: 'ST' | 'KAR';
  /** Sales price in euros, two decimals. */
  readonly price: string;
  /** Its share of the shop's units; all of them add up to 1. */
  readonly popularity: number;
  /** Days from order to arrival. */
  readonly leadTimeDays: number;
}

const GROUPS = [
  { group: 'BIKE', nouns: ['Trekking Bike', 'City Bike', 'Gravel Bike', 'Cargo Bike', 'Kids Bike'], type: 'FERT', from: 349, to: 3299, leadTime: [14, 45] },
  { group: 'PART', nouns: ['Chain', 'Cassette', 'Brake Pad', 'Saddle', 'Handlebar', 'Inner Tube', 'Tyre'], type: 'HAWA', from: 4, to: 120, leadTime: [3, 21] },
  { group: 'LIGHT', nouns: ['Front Light', 'Rear Light', 'Dynamo', 'Light Set'], type: 'HAWA', from: 9, to: 140, leadTime: [5, 30] },
  { group: 'WEAR', nouns: ['Rain Jacket', 'Gloves', 'Helmet', 'Jersey', 'Shoes'], type: 'HAWA', from: 15, to: 190, leadTime: [7, 35] },
  { group: 'CARE', nouns: ['Chain Oil', 'Cleaner', 'Repair Kit', 'Pump', 'Lock'], type: 'HAWA', from: 5, to: 95, leadTime: [2, 14] },
] as const;

const QUALITIES = ['Aero', 'Basic', 'Comfort', 'Elite', 'Junior', 'Nordwind', 'Pro', 'Terra', 'Ultra', 'Urban'] as const;

/** The same articles for the same seed, so that what the shop sells is what the plants hold. Popularity falls off as 1/rank (Zipf). */
export function demoMaterials(seed: number, count = 200): readonly DemoMaterial[] {
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`a demo needs at least one material, not ${count}`);
  const random = randomFrom(seed).fork('materials');
  let total = 0;
  for (let rank = 1; rank <= count; rank++) total += 1 / rank;
  // Gaps between numbers, as they grow in real masters; every tenth article is alphanumeric, where SAP pads nothing.
  let serial = 100_000_000 + random.below(1000);
  return Array.from({ length: count }, (_, index): DemoMaterial => {
    serial += 1 + random.below(7);
    const family = random.pick(GROUPS);
    const cents = Math.round((family.from + (family.to - family.from) * random.unit() ** 2) * 100) - 1;
    return {
      number: index % 10 === 9 ? `${family.group.slice(0, 2)}-${String(index).padStart(4, '0')}` : String(serial),
      description: `${random.pick(family.nouns)} ${random.pick(QUALITIES)} ${100 + random.below(900)}`,
      group: family.group,
      type: family.type,
      unit: random.chance(0.95) ? 'ST' : 'KAR',
      price: `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`,
      popularity: 1 / (index + 1) / total,
      leadTimeDays: family.leadTime[0] + random.below(family.leadTime[1] - family.leadTime[0] + 1),
    };
  });
}
