import { literal } from '@skein/kernel';

/**
 * Kinds of sites that Google's default channel group tells apart ("[GA4] Default channel group": source categories), by the
 * label of their host name: `google` stands for google.com, google.co.uk and www.google.de alike. Ours is the
 * short list of sites that send real traffic; a source that is not here goes by its medium.
 */
const SITES = {
  search:
    'aol ask babylon baidu bing brave daum dogpile duckduckgo ecosia google kvasir lycos mojeek naver onet presearch qwant rakuten rambler seznam sogou startpage yahoo yandex yep',
  social:
    'bluesky bsky clubhouse delicious digg discord disqus douban facebook fb flickr goodreads hi5 ig instagram kakao kakaotalk lemmy line linkedin linktree lnkd mastodon medium meetup messenger mix myspace nextdoor ok pinterest plurk qzone quora reddit renren skype slack snapchat stackexchange stackoverflow t3n telegram threads tiktok tumblr twitter viber vk vkontakte wechat weibo whatsapp x xing yammer yelp',
  video: 'crackle dailymotion disneyplus hulu netflix odysee rumble ted twitch ustream veoh viadeo vimeo wistia youku youtube youtu',
  shopping: 'aliexpress alibaba amazon bol cdiscount ebay etsy fnac idealo mercadolibre mercari otto shopify shopzilla taobao temu walmart zalando zappos',
} as const;

export type SourceCategory = keyof typeof SITES;

/** Hosts whose label alone would mislead. */
const HOSTS: Readonly<Record<string, SourceCategory>> = { 't.co': 'social', 'g.co': 'search', 'play.google.com': 'search', 'shop.app': 'shopping' };

/** Portals lend their name to services that are no search: shopping.yahoo.com, m.blog.naver.com, sites.google.com. */
const PORTALS = '[.](aol|google|naver|yahoo)[.]';
const SOCIAL_SERVICES = '(^|[.])(answers|blog|bookmarks|cafe|chiebukuro|groups|kin|lifestream|messages|plus|pulse|sites)[.]';

const CATEGORY = `MAP {${(Object.entries(SITES) as [SourceCategory, string][])
  .flatMap(([category, names]) => names.split(' ').map((name) => [name, category] as const))
  .map(([name, category]) => `${literal(name)}: ${literal(category)}`)
  .join(', ')}}`;

/** Category of a source, or NULL. Of a host, the label before its public suffix counts, so that `google.news.example` is not Google. */
export function sourceCategory(source: string): string {
  const host = `lower(trim(${source}))`;
  const registered = `regexp_extract(${host}, '([a-z0-9-]+)(?:[.](?:com|co|net|org|ac|gov|edu|ne|or))?(?:[.][a-z]{2,})?$', 1)`;
  return `CASE ${Object.entries(HOSTS)
    .map(([name, category]) => `WHEN ${host} = ${literal(name)} THEN ${literal(category)}`)
    .join(' ')}
    WHEN regexp_matches(${host}, '(^|[.])shopping${PORTALS}') THEN 'shopping'
    WHEN regexp_matches(${host}, ${literal(PORTALS)}) AND regexp_matches(${host}, ${literal(SOCIAL_SERVICES)}) THEN 'social'
    ELSE (${CATEGORY})[CASE WHEN contains(${host}, '.') THEN ${registered} ELSE ${host} END] END`;
}
