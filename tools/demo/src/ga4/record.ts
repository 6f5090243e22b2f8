/** Which of its four columns BigQuery's export fills for a parameter. */
export type ParamKind = 'string_value' | 'int_value' | 'float_value' | 'double_value';

export type Param = [key: string, kind: ParamKind, value: string];

export interface ItemDraft {
  id: string;
  name: string;
  category: string;
  /** Decimal text. */
  price: string;
  quantity: number;
  /** Decimal text, on purchases. */
  revenue: string | undefined;
}

export interface EcommerceDraft {
  transactionId: string | undefined;
  /** JSON text of the value: a number, or a quoted text where a fault wants it so. */
  revenue: string | undefined;
  tax: string | undefined;
  shipping: string | undefined;
  quantity: number;
  uniqueItems: number;
}

/** What all events of one visit share, rendered once in each style. */
export interface VisitFrame {
  readonly pseudoId: string | undefined;
  readonly consent: boolean;
  readonly firstTouch: string;
  readonly tail: Readonly<Record<Style, string>>;
}

/** One event before it becomes a line; faults change it here. */
export interface EventDraft {
  frame: VisitFrame;
  date: string;
  /** Milliseconds since the epoch; the line holds microseconds. */
  at: number;
  /** Text of `event_timestamp` where a fault replaces it; null leaves the field out. */
  timestamp: string | null | undefined;
  name: string | null;
  params: Param[];
  pseudoId: string | undefined;
  platform: string;
  items: ItemDraft[];
  ecommerce: EcommerceDraft | undefined;
  collected: string;
  batch: { page: string; ordering: number; index: number };
}

/**
 * - `extract`: what `bq extract` writes: INT64 as text, absent values left out.
 * - `console`: what the console and tabledata.list show: the same texts, absent values as explicit nulls.
 */
export type Style = 'extract' | 'console';

const PREFIX = {
  string_value: '{"string_value":',
  int_value: '{"string_value":null,"int_value":',
  float_value: '{"string_value":null,"int_value":null,"float_value":',
  double_value: '{"string_value":null,"int_value":null,"float_value":null,"double_value":',
} as const;
const SUFFIX = {
  string_value: ',"int_value":null,"float_value":null,"double_value":null}}',
  int_value: ',"float_value":null,"double_value":null}}',
  float_value: ',"double_value":null}}',
  double_value: '}}',
} as const;

function params(list: readonly Param[], style: Style): string {
  let text = '';
  for (const [key, kind, value] of list) {
    // INT64 is text in both styles, FLOAT64 a bare number.
    const json = kind === 'string_value' || kind === 'int_value' ? quote(value) : value;
    text += `${text === '' ? '' : ','}{"key":"${key}","value":${style === 'extract' ? `{"${kind}":${json}}}` : `${PREFIX[kind]}${json}${SUFFIX[kind]}`}`;
  }
  return text;
}

function items(list: readonly ItemDraft[], style: Style): string {
  let text = '';
  for (const item of list) {
    text += `${text === '' ? '' : ','}{"item_id":${quote(item.id)},"item_name":${quote(item.name)},"item_brand":"Nordwind","item_category":"${item.category}","price":${item.price}`;
    if (style === 'console') text += ',"price_in_usd":null';
    text += `,"quantity":"${item.quantity}"`;
    if (item.revenue !== undefined) text += `,"item_revenue":${item.revenue}`;
    else if (style === 'console') text += ',"item_revenue":null';
    text +=
      style === 'console' ? ',"item_refund":null,"coupon":"(not set)","item_list_name":null,"item_params":[]}' : ',"coupon":"(not set)","item_params":[]}';
  }
  return text;
}

function ecommerce(draft: EcommerceDraft | undefined, style: Style): string {
  if (draft === undefined) return style === 'console' ? '"ecommerce":null,' : '';
  const fields: string[] = [`"total_item_quantity":"${draft.quantity}"`, `"unique_items":"${draft.uniqueItems}"`];
  const optional = {
    transaction_id: draft.transactionId === undefined ? undefined : quote(draft.transactionId),
    purchase_revenue: draft.revenue,
    tax_value: draft.tax,
    shipping_value: draft.shipping,
  };
  for (const [name, json] of Object.entries(optional)) {
    if (json !== undefined) fields.push(`"${name}":${json}`);
    else if (style === 'console') fields.push(`"${name}":null`);
  }
  if (style === 'console') fields.push('"refund_value":null', '"purchase_revenue_in_usd":null');
  return `"ecommerce":{${fields.join(',')}},`;
}

/** One line of the export, without its line feed. */
export function render(event: EventDraft, style: Style): string {
  const wide = style === 'console';
  const micros = event.timestamp === undefined ? `${event.at}${String((event.at * 7919) % 1000).padStart(3, '0')}` : event.timestamp;
  let line = `{"event_date":"${event.date}"`;
  if (micros !== null) line += `,"event_timestamp":"${micros}"`;
  else if (wide) line += ',"event_timestamp":null';
  if (event.name !== null) line += `,"event_name":"${event.name}"`;
  else if (wide) line += ',"event_name":null';
  line += `,"event_params":[${params(event.params, style)}]`;
  line += wide ? ',"event_previous_timestamp":null,"event_value_in_usd":null,' : ',';
  line += `"event_bundle_sequence_id":"${event.batch.ordering + 100}","event_server_timestamp_offset":"${(event.at * 31) % 900000}",`;
  if (wide) line += '"user_id":null,';
  if (event.pseudoId !== undefined) line += `"user_pseudo_id":"${event.pseudoId}",`;
  else if (wide) line += '"user_pseudo_id":null,';
  line += event.frame.consent
    ? '"privacy_info":{"analytics_storage":"Yes","ads_storage":"Yes","uses_transient_token":"No"},"user_properties":[],'
    : '"privacy_info":{"analytics_storage":"No","ads_storage":"No","uses_transient_token":"No"},"user_properties":[],';
  line += event.frame.tail[style];
  line += `"stream_id":"3206015529","platform":"${event.platform}",${ecommerce(event.ecommerce, style)}"items":[${items(event.items, style)}],`;
  line += event.collected === '' ? (wide ? '"collected_traffic_source":null,' : '') : `"collected_traffic_source":${event.collected},`;
  return `${line}"is_active_user":true,"batch_page_id":"${event.batch.page}","batch_ordering_id":"${event.batch.ordering}","batch_event_index":"${event.batch.index}"}`;
}

const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** A JSON string; the plain ASCII case, which is nearly every one, skips the general encoder. */
export function quote(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}
