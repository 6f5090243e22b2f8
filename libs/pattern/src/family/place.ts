import { VALUE } from '../program/program.ts';
import type { Family, GapValue, Reading } from './family.ts';

/** Languages in which names of countries are known, as ICU (CLDR) has them. */
const LANGUAGES = 'en de fr es it pt nl sv da nb fi pl cs hu ro tr ru zh ja ar'.split(' ');
/** ISO 3166-1 alpha-2 and alpha-3, as the maintenance agency lists them. */
const ALPHA_3 =
  'AD:AND AE:ARE AF:AFG AG:ATG AI:AIA AL:ALB AM:ARM AO:AGO AQ:ATA AR:ARG AS:ASM AT:AUT AU:AUS AW:ABW AX:ALA AZ:AZE BA:BIH BB:BRB BD:BGD BE:BEL BF:BFA BG:BGR BH:BHR BI:BDI BJ:BEN BL:BLM BM:BMU BN:BRN BO:BOL BQ:BES BR:BRA BS:BHS BT:BTN BV:BVT BW:BWA BY:BLR BZ:BLZ CA:CAN CC:CCK CD:COD CF:CAF CG:COG CH:CHE CI:CIV CK:COK CL:CHL CM:CMR CN:CHN CO:COL CR:CRI CU:CUB CV:CPV CW:CUW CX:CXR CY:CYP CZ:CZE DE:DEU DJ:DJI DK:DNK DM:DMA DO:DOM DZ:DZA EC:ECU EE:EST EG:EGY EH:ESH ER:ERI ES:ESP ET:ETH FI:FIN FJ:FJI FK:FLK FM:FSM FO:FRO FR:FRA GA:GAB GB:GBR GD:GRD GE:GEO GF:GUF GG:GGY GH:GHA GI:GIB GL:GRL GM:GMB GN:GIN GP:GLP GQ:GNQ GR:GRC GS:SGS GT:GTM GU:GUM GW:GNB GY:GUY HK:HKG HM:HMD HN:HND HR:HRV HT:HTI HU:HUN ID:IDN IE:IRL IL:ISR IM:IMN IN:IND IO:IOT IQ:IRQ IR:IRN IS:ISL IT:ITA JE:JEY JM:JAM JO:JOR JP:JPN KE:KEN KG:KGZ KH:KHM KI:KIR KM:COM KN:KNA KP:PRK KR:KOR KW:KWT KY:CYM KZ:KAZ LA:LAO LB:LBN LC:LCA LI:LIE LK:LKA LR:LBR LS:LSO LT:LTU LU:LUX LV:LVA LY:LBY MA:MAR MC:MCO MD:MDA ME:MNE MF:MAF MG:MDG MH:MHL MK:MKD ML:MLI MM:MMR MN:MNG MO:MAC MP:MNP MQ:MTQ MR:MRT MS:MSR MT:MLT MU:MUS MV:MDV MW:MWI MX:MEX MY:MYS MZ:MOZ NA:NAM NC:NCL NE:NER NF:NFK NG:NGA NI:NIC NL:NLD NO:NOR NP:NPL NR:NRU NU:NIU NZ:NZL OM:OMN PA:PAN PE:PER PF:PYF PG:PNG PH:PHL PK:PAK PL:POL PM:SPM PN:PCN PR:PRI PS:PSE PT:PRT PW:PLW PY:PRY QA:QAT RE:REU RO:ROU RS:SRB RU:RUS RW:RWA SA:SAU SB:SLB SC:SYC SD:SDN SE:SWE SG:SGP SH:SHN SI:SVN SJ:SJM SK:SVK SL:SLE SM:SMR SN:SEN SO:SOM SR:SUR SS:SSD ST:STP SV:SLV SX:SXM SY:SYR SZ:SWZ TC:TCA TD:TCD TF:ATF TG:TGO TH:THA TJ:TJK TK:TKL TL:TLS TM:TKM TN:TUN TO:TON TR:TUR TT:TTO TV:TUV TW:TWN TZ:TZA UA:UKR UG:UGA UM:UMI US:USA UY:URY UZ:UZB VA:VAT VC:VCT VE:VEN VG:VGB VI:VIR VN:VNM VU:VUT WF:WLF WS:WSM YE:YEM YT:MYT ZA:ZAF ZM:ZMB ZW:ZWE'
    .split(' ')
    .map((pair) => pair.split(':') as [string, string]);
/** Postal abbreviations of states (USPS Publication 28, appendix B). */
const STATES =
  'AL:alabama AK:alaska AZ:arizona AR:arkansas CA:california CO:colorado CT:connecticut DE:delaware DC:district of columbia FL:florida GA:georgia HI:hawaii ID:idaho IL:illinois IN:indiana IA:iowa KS:kansas KY:kentucky LA:louisiana ME:maine MD:maryland MA:massachusetts MI:michigan MN:minnesota MS:mississippi MO:missouri MT:montana NE:nebraska NV:nevada NH:new hampshire NJ:new jersey NM:new mexico NY:new york NC:north carolina ND:north dakota OH:ohio OK:oklahoma OR:oregon PA:pennsylvania RI:rhode island SC:south carolina SD:south dakota TN:tennessee TX:texas UT:utah VT:vermont VA:virginia WA:washington WV:west virginia WI:wisconsin WY:wyoming'
    .split(/ (?=[A-Z]{2}:)/)
    .map((pair) => pair.split(':') as [string, string]);
/** Names in daily use that CLDR does not list. */
const SPOKEN: readonly (readonly [string, string])[] = [
  ['usa', 'US'],
  ['u.s.', 'US'],
  ['u.s.a.', 'US'],
  ['united states of america', 'US'],
  ['uk', 'GB'],
  ['u.k.', 'GB'],
  ['great britain', 'GB'],
  ['england', 'GB'],
  ['holland', 'NL'],
  ['czech republic', 'CZ'],
  ['south korea', 'KR'],
  ['republic of korea', 'KR'],
  ['russia', 'RU'],
  ['russian federation', 'RU'],
  ['viet nam', 'VN'],
  ['uae', 'AE'],
  ['brd', 'DE'],
  ["people's republic of china", 'CN'],
  ['ivory coast', 'CI'],
  ['macedonia', 'MK'],
  ['burma', 'MM'],
  ['swaziland', 'SZ'],
  ['türkiye', 'TR'],
];

let countries: ReadonlyMap<string, string> | undefined;

/** Names and codes of countries, in lower case, as alpha-2; what means two countries is left out. */
function countryNames(): ReadonlyMap<string, string> {
  if (countries) return countries;
  const found = new Map<string, string | undefined>();
  const add = (name: string, alpha2: string): void => {
    const word = name.toLowerCase();
    found.set(word, found.has(word) && found.get(word) !== alpha2 ? undefined : alpha2);
  };
  const displays = LANGUAGES.map((language) => new Intl.DisplayNames(language, { type: 'region', fallback: 'none' }));
  for (const [alpha2, alpha3] of ALPHA_3) {
    add(alpha2, alpha2);
    add(alpha3, alpha2);
    for (const display of displays) {
      const name = display.of(alpha2);
      if (name !== undefined) add(name, alpha2);
    }
  }
  for (const [name, alpha2] of SPOKEN) add(name, alpha2);
  const kept = new Map<string, string>();
  for (const [name, alpha2] of found) if (alpha2 !== undefined) kept.set(name, alpha2);
  return (countries = kept);
}

/** Countries and states by name or by another code, where the column holds codes of one kind. */
export const place: Family = (column) => {
  if (column.facts.property.type.kind !== 'string' || !column.values.some(({ text }) => /^\p{L}/u.test(text))) return [];
  const used = column.codes ?? column.accepted;
  if (used.length < 3) return [];
  const [alpha2, alpha3, states] = [new Set(ALPHA_3.map(([code]) => code)), new Set(ALPHA_3.map(([, code]) => code)), new Set(STATES.map(([code]) => code))];
  // Each kind takes only codes of its own; those of states and of countries overlap, and the one that explains all of them is meant.
  const share = (codes: ReadonlySet<string>): number => used.filter((value) => codes.has(value.toUpperCase())).length / used.length;
  const small = used.every((value) => value === value.toLowerCase());
  const written = (value: string): string => (small ? value.toLowerCase() : value);
  const table = (of: (value: GapValue) => string | undefined): [string, string][] =>
    column.values
      .filter(({ fails }) => fails)
      .flatMap((value) => {
        const found = of(value);
        return found === undefined ? [] : [[value.raw, written(found)] as [string, string]];
      });
  const readings: Reading[] = [];
  if (share(states) >= 0.98) {
    const names = new Map(STATES.map(([code, name]) => [name, code]));
    readings.push(
      ...listed(
        'states by name',
        table(({ text }) => names.get(text.toLowerCase())),
      ),
    );
  }
  if (share(alpha2) >= 0.98 && share(states) < 0.98)
    readings.push(
      ...listed(
        'countries as ISO 3166-1 alpha-2',
        table(({ text }) => countryNames().get(text.toLowerCase())),
      ),
    );
  if (share(alpha3) >= 0.98) {
    const three = new Map(ALPHA_3);
    readings.push(
      ...listed(
        'countries as ISO 3166-1 alpha-3',
        table(({ text }) => three.get(countryNames().get(text.toLowerCase()) ?? '')),
      ),
    );
  }
  return readings;
};

function listed(what: string, table: readonly [string, string][]): Reading[] {
  return table.length === 0
    ? []
    : [
        {
          category: 'place',
          what,
          when: { op: 'in', of: VALUE, values: table.map(([from]) => from) },
          result: { op: 'lookup', of: VALUE, table },
          tier: 0,
          listed: true,
        },
      ];
}
