import { Random } from './heal-random.ts';

/** A table that is invented whole: its contract, and rows that keep it. */
export interface InventedTable {
  readonly name: string;
  readonly contract: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
}

const SYLLABLES =
  'ba be bi bo da de di do fa fe ga go ha ke ki ko la le li lo ma me mi mo na ne no pa pe ra re ri ro sa se si so ta te ti to va ve vi wa za'.split(' ');

export function word(random: Random, least = 2, most = 4): string {
  const length = least + random.below(most - least + 1);
  const text = Array.from({ length }, () => random.one(SYLLABLES)).join('');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Different texts, as many as asked for. */
export function distinct(count: number, make: () => string): string[] {
  const found = new Set<string>();
  while (found.size < count) found.add(make());
  return [...found];
}

export const digits = (random: Random, length: number): string =>
  `${1 + random.below(9)}${Array.from({ length: length - 1 }, () => random.below(10)).join('')}`;

export function day(random: Random): string {
  return new Date(Date.UTC(2019, 0, 1) + random.below(2000) * 86_400_000).toISOString().slice(0, 10);
}

export const amount = (random: Random, most: number): string => `${random.below(most)}.${String(random.below(100)).padStart(2, '0')}`;

export const head = (name: string, dependencies: string): string => `apiVersion: v3.2.0
kind: DataContract
id: bench-${name}
version: 1.0.0
status: active
domain: invented
schema:
  - name: ${name}
    customProperties:
      - property: functionalDependencies
        value: ${dependencies}
    properties:
`;

function visits(random: Random, rows: number): InventedTable {
  const towns = distinct(60, () => word(random)).map((city) => ({
    city,
    region: `${word(random, 2, 2)} ${random.one(['North', 'South', 'Coast', 'Hills'])}`,
    zip: digits(random, 5),
  }));
  const clinics = distinct(120, () => `${word(random)} ${random.one(['Clinic', 'Hospital', 'Health Centre', 'Practice'])}`).map((name, index) => ({
    id: `C${String(1000 + index * 7)}`,
    name,
    town: random.one(towns),
    phone: digits(random, 10),
  }));
  const doctors = distinct(200, () => `${word(random, 2, 3)} ${word(random, 2, 4)}`).map((name, index) => ({
    id: String(30_000 + index * 13),
    name,
    field: random.one(['cardiology', 'dermatology', 'neurology', 'general practice', 'paediatrics', 'radiology']),
  }));
  return {
    name: 'visits',
    columns: [
      'visit_id',
      'clinic_id',
      'clinic_name',
      'zip',
      'city',
      'region',
      'phone',
      'doctor_id',
      'doctor_name',
      'specialty',
      'visited_on',
      'fee',
      'status',
      'note',
    ],
    contract: `${head('visits', '[{ determinant: [clinic_id], dependent: [clinic_name, zip, phone] }, { determinant: [clinic_name], dependent: [clinic_id] }, { determinant: [zip], dependent: [city, region] }, { determinant: [doctor_id], dependent: [doctor_name, specialty] }]')}      - { name: visit_id, logicalType: integer, primaryKey: true }
      - { name: clinic_id, logicalType: string, required: true, logicalTypeOptions: { pattern: '^C[0-9]{4}$' } }
      - { name: clinic_name, logicalType: string, required: true }
      - { name: zip, logicalType: string, required: true, logicalTypeOptions: { pattern: '^[0-9]{5}$' } }
      - { name: city, logicalType: string, required: true }
      - { name: region, logicalType: string, required: true }
      - { name: phone, logicalType: string, required: true, logicalTypeOptions: { pattern: '^[0-9]{10}$' } }
      - { name: doctor_id, logicalType: integer, required: true }
      - { name: doctor_name, logicalType: string, required: true }
      - { name: specialty, logicalType: string, required: true }
      - { name: visited_on, logicalType: date, required: true }
      - { name: fee, logicalType: number, physicalType: 'DECIMAL(9,2)', logicalTypeOptions: { minimum: 0 } }
      - { name: status, logicalType: string, required: true, enum: [{ value: planned }, { value: arrived }, { value: finished }, { value: cancelled }] }
      - { name: note, logicalType: string }
`,
    rows: Array.from({ length: rows }, (_, index) => {
      const [clinic, doctor] = [random.one(clinics), random.one(doctors)];
      const { town } = clinic;
      return [
        String(index + 1),
        clinic.id,
        clinic.name,
        town.zip,
        town.city,
        town.region,
        clinic.phone,
        doctor.id,
        doctor.name,
        doctor.field,
        day(random),
        amount(random, 400),
        random.one(['planned', 'arrived', 'finished', 'cancelled']),
        random.below(3) === 0 ? `${word(random)} ${word(random).toLowerCase()}` : null,
      ];
    }),
  };
}

function orders(random: Random, rows: number): InventedTable {
  const goods = distinct(150, () => `${word(random)} ${word(random, 2, 3).toLowerCase()} ${10 + random.below(90)}`).map((name, index) => ({
    sku: `${random.one(['AX', 'BR', 'KT', 'ZM'])}-${String(400 + index * 3)}`,
    name,
    category: random.one(['kitchen', 'garden', 'office', 'lighting', 'storage']),
    weight: `${1 + random.below(40)}.${1 + random.below(9)}`,
  }));
  const customers = distinct(220, () => word(random, 3, 4)).map((name, index) => ({
    id: String(7000 + index),
    name: `${name} ${random.one(['Ltd', 'GmbH', 'Inc', 'SA'])}`,
    country: random.one(['DE', 'FR', 'GB', 'IT', 'PL', 'SE']),
    mail: `orders@${name.toLowerCase()}.example`,
  }));
  return {
    name: 'orders',
    columns: [
      'order_no',
      'sku',
      'product',
      'category',
      'weight_kg',
      'customer_id',
      'customer',
      'country',
      'email',
      'ordered_on',
      'quantity',
      'price',
      'currency',
      'paid',
    ],
    contract: `${head('orders', '[{ determinant: [sku], dependent: [product, category, weight_kg] }, { determinant: [product], dependent: [sku] }, { determinant: [customer_id], dependent: [customer, country, email] }, { determinant: [email], dependent: [customer_id] }]')}      - { name: order_no, logicalType: string, primaryKey: true, logicalTypeOptions: { pattern: '^O[0-9]{6}$' } }
      - { name: sku, logicalType: string, required: true, logicalTypeOptions: { pattern: '^[A-Z]{2}-[0-9]{3}$' } }
      - { name: product, logicalType: string, required: true }
      - { name: category, logicalType: string, required: true, enum: [{ value: kitchen }, { value: garden }, { value: office }, { value: lighting }, { value: storage }] }
      - { name: weight_kg, logicalType: number, physicalType: 'DECIMAL(6,1)', required: true, logicalTypeOptions: { minimum: 0, maximum: 100 } }
      - { name: customer_id, logicalType: integer, required: true }
      - { name: customer, logicalType: string, required: true }
      - { name: country, logicalType: string, required: true, logicalTypeOptions: { pattern: '^[A-Z]{2}$' } }
      - { name: email, logicalType: string, required: true, logicalTypeOptions: { format: email } }
      - { name: ordered_on, logicalType: date, required: true }
      - { name: quantity, logicalType: integer, required: true, logicalTypeOptions: { minimum: 1, maximum: 5000 } }
      - { name: price, logicalType: number, physicalType: 'DECIMAL(10,2)', required: true, logicalTypeOptions: { minimum: 0 } }
      - { name: currency, logicalType: string, required: true, enum: [{ value: EUR }, { value: USD }, { value: GBP }] }
      - { name: paid, logicalType: boolean, required: true }
`,
    rows: Array.from({ length: rows }, (_, index) => {
      const [item, buyer] = [random.one(goods), random.one(customers)];
      return [
        `O${String(100_000 + index)}`,
        item.sku,
        item.name,
        item.category,
        item.weight,
        buyer.id,
        buyer.name,
        buyer.country,
        buyer.mail,
        day(random),
        String(1 + random.below(2400)),
        amount(random, 3000),
        random.one(['EUR', 'USD', 'GBP']),
        random.one(['true', 'false']),
      ];
    }),
  };
}

/** A table of few rows for each group, whose determinant has nothing to confirm it: what one dependency alone can do. */
function papers(random: Random, rows: number): InventedTable {
  const journals = distinct(
    Math.ceil(rows / 9),
    () => `${random.one(['Journal of', 'Annals of', 'Archives of', 'Reviews in'])} ${word(random)} ${word(random)}`,
  ).map((name) => ({
    name,
    issn: `${digits(random, 4)}-${digits(random, 4)}`,
    language: random.one(['eng', 'eng', 'eng', 'fre', 'ger', 'spa']),
  }));
  return {
    name: 'papers',
    columns: ['paper', 'title', 'journal', 'issn', 'language', 'volume', 'pages', 'published_on'],
    contract: `${head('papers', '[{ determinant: [journal], dependent: [issn, language] }, { determinant: [issn], dependent: [journal] }]')}      - { name: paper, logicalType: integer, primaryKey: true }
      - { name: title, logicalType: string, required: true }
      - { name: journal, logicalType: string, required: true }
      - { name: issn, logicalType: string, logicalTypeOptions: { pattern: '^[0-9]{4}-[0-9]{4}$' } }
      - { name: language, logicalType: string, required: true, logicalTypeOptions: { minLength: 3, maxLength: 3 } }
      - { name: volume, logicalType: integer, logicalTypeOptions: { minimum: 1 } }
      - { name: pages, logicalType: string, logicalTypeOptions: { pattern: '^[0-9]+-[0-9]+$' } }
      - { name: published_on, logicalType: date }
`,
    rows: Array.from({ length: rows }, (_, index) => {
      const journal = random.one(journals);
      const page = 1 + random.below(900);
      return [
        String(index + 1),
        Array.from({ length: 4 + random.below(5) }, () => word(random).toLowerCase()).join(' '),
        journal.name,
        journal.issn,
        journal.language,
        String(1 + random.below(80)),
        `${page}-${page + 1 + random.below(14)}`,
        day(random),
      ];
    }),
  };
}

/** The tables of one seed. */
export function inventedTables(seed: number, rows: number): InventedTable[] {
  return [visits, orders, papers].map((make, index) => make(new Random(seed * 31 + index), rows));
}
