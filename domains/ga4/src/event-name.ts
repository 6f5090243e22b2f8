import { literal } from '@skein/kernel';
import { trimmed } from './conform.ts';

/** Events that Google collects by itself or recommends ("[GA4] Automatically collected events", "[GA4] Recommended events"). */
const KNOWN = [
  'ad_click',
  'ad_impression',
  'ad_reward',
  'add_payment_info',
  'add_shipping_info',
  'add_to_cart',
  'add_to_wishlist',
  'app_exception',
  'app_remove',
  'app_update',
  'begin_checkout',
  'campaign_details',
  'close_convert_lead',
  'disqualify_lead',
  'earn_virtual_currency',
  'file_download',
  'first_open',
  'first_visit',
  'form_start',
  'form_submit',
  'generate_lead',
  'in_app_purchase',
  'join_group',
  'level_end',
  'level_start',
  'level_up',
  'login',
  'notification_open',
  'page_view',
  'post_score',
  'purchase',
  'qualify_lead',
  'refund',
  'remove_from_cart',
  'screen_view',
  'scroll',
  'search',
  'select_content',
  'select_item',
  'select_promotion',
  'session_start',
  'share',
  'sign_up',
  'spend_virtual_currency',
  'tutorial_begin',
  'tutorial_complete',
  'unlock_achievement',
  'user_engagement',
  'video_complete',
  'video_progress',
  'video_start',
  'view_cart',
  'view_item',
  'view_item_list',
  'view_promotion',
  'view_search_results',
  'working_lead',
] as const;

const BY_LETTERS = `MAP {${KNOWN.map((name) => `${literal(name.replaceAll('_', ''))}: ${literal(name)}`).join(', ')}}`;

/**
 * The name of an event, without blanks around it. `addToCart`, `Add To Cart` and `add-to-cart` are what GA4 calls `add_to_cart`:
 * a name with capitals, blanks or hyphens that has the letters of a known event is that event. A custom name stays as it is
 * (names are case-sensitive in GA4), and so does one in lower case without a separator, such as Universal Analytics' `pageview`.
 */
export const eventName = (raw: string): string => `CASE
    WHEN regexp_full_match(${raw}, '[a-z0-9_]+') THEN ${raw}
    ELSE coalesce((${BY_LETTERS})[lower(regexp_replace(${raw}, '[ _\\t-]', '', 'g'))], ${trimmed(raw)})
  END`;
