/**
 * Google's default channel group of a source, medium and campaign, as an SQL expression; rules and their order after "[GA4] Default
 * channel group" (Analytics Help). Without a source and a medium the visit is Direct. `category` is the source's, see sourceCategory().
 */
export function channelGroup(source: string, medium: string, campaign: string, category: string): string {
  const s = `lower(coalesce(${source}, '(direct)'))`;
  const m = `lower(coalesce(${medium}, '(none)'))`;
  const c = `lower(coalesce(${campaign}, ''))`;
  const paid = `regexp_full_match(${m}, '.*cp.*|ppc|retargeting|paid.*')`;
  const shopping = `(coalesce(${category} = 'shopping', false) OR regexp_full_match(${c}, '(.*(([^a-df-z]|^)shop|shopping).*)'))`;
  return `CASE
      WHEN ${s} = '(direct)' AND ${m} IN ('(none)', '(not set)') THEN 'Direct'
      WHEN contains(${c}, 'cross-network') THEN 'Cross-network'
      WHEN ${shopping} AND ${paid} THEN 'Paid Shopping'
      WHEN ${category} = 'search' AND ${paid} THEN 'Paid Search'
      WHEN ${category} = 'social' AND ${paid} THEN 'Paid Social'
      WHEN ${category} = 'video' AND ${paid} THEN 'Paid Video'
      WHEN ${m} IN ('display', 'banner', 'expandable', 'interstitial', 'cpm') THEN 'Display'
      WHEN ${paid} THEN 'Paid Other'
      WHEN ${shopping} THEN 'Organic Shopping'
      WHEN ${category} = 'social' OR ${m} IN ('social', 'social-network', 'social-media', 'sm', 'social network', 'social media') THEN 'Organic Social'
      WHEN ${category} = 'video' OR contains(${m}, 'video') THEN 'Organic Video'
      WHEN ${category} = 'search' OR ${m} = 'organic' THEN 'Organic Search'
      WHEN ${m} IN ('referral', 'app', 'link') THEN 'Referral'
      WHEN ${s} IN ('email', 'e-mail', 'e_mail', 'e mail') OR ${m} IN ('email', 'e-mail', 'e_mail', 'e mail') THEN 'Email'
      WHEN ${m} IN ('affiliate', 'affiliates') THEN 'Affiliates'
      WHEN ${m} = 'audio' THEN 'Audio'
      WHEN ${s} = 'sms' OR ${m} = 'sms' THEN 'SMS'
      WHEN ends_with(${m}, 'push') OR contains(${m}, 'mobile') OR contains(${m}, 'notification') OR ${s} = 'firebase' THEN 'Mobile Push Notifications'
      ELSE 'Unassigned'
    END`;
}
