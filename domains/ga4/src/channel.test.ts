import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { literal } from '@skein/kernel';
import { channelGroup } from './channel.ts';
import { sourceCategory } from './source-category.ts';

// One case or more for each rule of Google's table, in its order, so that a rule that shadows another is found.
const CASES: readonly (readonly [source: string | null, medium: string | null, campaign: string | null, channel: string])[] = [
  [null, null, null, 'Direct'],
  ['(direct)', '(none)', null, 'Direct'],
  ['(direct)', '(not set)', 'x', 'Direct'],
  ['google', 'cpc', 'a cross-network b', 'Cross-network'],
  ['amazon.de', 'cpc', null, 'Paid Shopping'],
  ['unknown.example', 'ppc', 'summer-shopping', 'Paid Shopping'],
  ['google', 'CPC', 'brand', 'Paid Search'],
  ['www.google.co.uk', 'paidsearch', null, 'Paid Search'],
  ['facebook', 'paid_social', null, 'Paid Social'],
  ['youtube.com', 'cpv', null, 'Paid Video'],
  ['youtube.com', 'cpm', null, 'Paid Video'],
  ['unknown.example', 'cpm', null, 'Display'],
  ['unknown.example', 'banner', null, 'Display'],
  ['unknown.example', 'retargeting', null, 'Paid Other'],
  ['etsy.com', 'referral', null, 'Organic Shopping'],
  ['l.facebook.com', 'referral', null, 'Organic Social'],
  ['t.co', 'referral', null, 'Organic Social'],
  ['unknown.example', 'social-media', null, 'Organic Social'],
  ['vimeo.com', 'referral', null, 'Organic Video'],
  ['unknown.example', 'video', null, 'Organic Video'],
  ['bing', 'organic', null, 'Organic Search'],
  ['duckduckgo.com', 'referral', null, 'Organic Search'],
  ['unknown.example', 'organic', null, 'Organic Search'],
  ['google.news.example', 'referral', null, 'Referral'],
  ['shop.example', 'referral', 'bishop', 'Referral'],
  ['newsletter', 'Email', null, 'Email'],
  ['e_mail', 'x', null, 'Email'],
  ['partner', 'affiliates', null, 'Affiliates'],
  ['podcast', 'audio', null, 'Audio'],
  ['sms', 'x', null, 'SMS'],
  ['app', 'webpush', null, 'Mobile Push Notifications'],
  ['app', 'in-app notification', null, 'Mobile Push Notifications'],
  ['google', null, null, 'Organic Search'],
  ['unknown.example', null, null, 'Unassigned'],
  ['unknown.example', '', null, 'Unassigned'],
];

const TABLE = path.resolve(import.meta.dirname, '../../../../shared/data/ga4/dbt-ga4/ga4_source_categories.csv');

describe('channelGroup', () => {
  it('follows every rule of the default channel group', async () => {
    const engine = duckdbEngine();
    const session = await engine.open();
    const values = CASES.map(
      ([source, medium, campaign], index) => `(${index}, ${[source, medium, campaign].map((text) => `${literal(text)}::VARCHAR`).join(', ')})`,
    ).join(', ');
    const rows = await session.rows<{ channel: string }>(
      `SELECT ${channelGroup('s', 'm', 'c', 'category')} AS channel FROM (SELECT *, ${sourceCategory('s')} AS category FROM (VALUES ${values}) t(n, s, m, c)) ORDER BY n`,
    );
    expect(rows.map(({ channel }, index) => [...(CASES[index] ?? []).slice(0, 3), channel])).toEqual(CASES);
    await engine.close();
  });

  it.skipIf(!existsSync(TABLE))('contradicts the public table of sources (../shared/data) nowhere that both know', async () => {
    const lines = readFileSync(TABLE, 'utf8')
      .trim()
      .split(/\r?\n/)
      .slice(1)
      .map((line) => line.split(','));
    const engine = duckdbEngine();
    const session = await engine.open();
    const rows = await session.rows<{ source: string; theirs: string; ours: string | null }>(
      `SELECT s AS source, lower(replace(k, 'SOURCE_CATEGORY_', '')) AS theirs, ${sourceCategory('s')} AS ours FROM (VALUES ${lines.map(([source = '', kind = '']) => `(${literal(source)}, ${literal(kind)})`).join(', ')}) t(s, k)`,
    );
    const known = rows.filter(({ ours }) => ours !== null);
    expect(known.length).toBeGreaterThan(150);
    expect(known.filter(({ ours, theirs }) => ours !== theirs)).toEqual([]);
    await engine.close();
  });
});
if (!existsSync(TABLE)) console.warn(`skipped: ${TABLE} is not there`);
