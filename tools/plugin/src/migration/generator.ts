import { logger, type Tree } from '@nx/devkit';
import { readContract, type Contract } from '@skein/contract';
import { setInDocument } from '@skein/contract/formats';
import { SkeinError, systemClock } from '@skein/kernel';
import { domainFile } from '../domain/domain-file.ts';
import { writeGenerated } from '../product/generator.ts';
import { contractTexts } from '../workspace/contracts.ts';
import { guarded } from '../workspace/guard.ts';
import { withSection } from '../workspace/readme.ts';
import { copyCode, registerOlder } from './code.ts';
import { noticeText } from './page.ts';
import { readersOf, type Reader, type UsageFrom } from './readers.ts';

export interface MigrationOptions extends UsageFrom {
  readonly domain: string;
  readonly name: string;
  /** Last day of the major before, `YYYY-MM-DD`; default in 90 days. */
  readonly until?: string;
}

const WINDOW_DAYS = 90;
const DAY = 86_400_000;

/**
 * `nx g @skein/plugin:migration DOMAIN PRODUCT`: the next major beside the one that is live. Both are published; the one before is
 * deprecated and has a last day, and who reads it stands in the domain's README.
 */
export function migrationGenerator(tree: Tree, options: MigrationOptions): Promise<() => void> {
  return guarded(tree, async () => {
    const { last, until, readers } = await writeMigration(tree, options);
    const { product } = last;
    logger.info(`${product} ${last.version} is deprecated until ${until}; its successor is a draft: change it, then set its status to active.`);
    for (const { who, how, seen } of readers) logger.info(`  ${who}: ${how} (${seen})`);
    if (readers.length === 0) logger.info('  Nobody is known to read it.');
  });
}

async function writeMigration(tree: Tree, options: MigrationOptions): Promise<{ last: Contract; until: string; readers: readonly Reader[] }> {
  const { domain, name } = options;
  const file = domainFile(tree, domain);
  const { last, text } = liveContract(tree, domain, name);
  const major = Number.parseInt(last.version, 10);
  const until = lastDay(options.until);
  const [from, to] = [`contracts/${domain}/${name}/v${major}`, `contracts/${domain}/${name}/v${major + 1}`];
  const readers = await readersOf(tree, domain, name, major, options);

  const next = set(set(text, last.file, 'version', `${major + 1}.0.0`), last.file, 'status', 'draft');
  readContract(next, `${to}/contract.odcs.yaml`);
  tree.write(`${to}/contract.odcs.yaml`, next);
  const policy = tree.read(`${from}/policy.yaml`, 'utf8');
  if (policy !== null) tree.write(`${to}/policy.yaml`, policy);

  const deprecated = deprecate(text, last, until);
  const { version } = readContract(deprecated, last.file);
  tree.write(last.file, deprecated);
  tree.write(`${from}/released/${version}.yaml`, deprecated);

  copyCode(tree, domain, name, major);
  registerOlder(tree, file, domain, name, major);
  withSection(tree, domain, noticeText({ product: last.product, from: major, until, readers }));
  await writeGenerated(tree);
  return { last, until, readers };
}

/** The highest major, which consumers may rely on. */
function liveContract(tree: Tree, domain: string, name: string): { last: Contract; text: string } {
  const majors = contractTexts(tree)
    .filter(({ path: file }) => file.startsWith(`contracts/${domain}/${name}/`))
    .map(({ path: file, text }) => ({ last: readContract(text, file), text }))
    .sort((a, b) => Number.parseInt(a.last.version, 10) - Number.parseInt(b.last.version, 10));
  const newest = majors.at(-1);
  if (!newest)
    throw new SkeinError('SKEIN_USAGE', `there is no product ${domain}.${name}`, {
      hint: `Make it: nx g @skein/plugin:product ${domain} ${name} --from FILE.`,
    });
  const { last } = newest;
  if (last.status !== 'active')
    throw new SkeinError(
      'SKEIN_USAGE',
      `${last.product} ${last.version} is ${last.status}: ${last.status === 'draft' || last.status === 'proposed' ? 'nobody relies on it yet' : 'it has no future'}`,
      {
        place: { file: last.file, line: 1 },
        hint:
          last.status === 'draft' || last.status === 'proposed'
            ? 'Change its contract as it stands, then set its status to active.'
            : 'Only an active contract is followed by a next major.',
      },
    );
  return newest;
}

/** Status, version and the day of its end (ODCS `slaProperties`, `endOfLife`). */
function deprecate(text: string, last: Contract, until: string): string {
  const [major = '1', minor = '0'] = last.version.split('.');
  const staged = set(set(text, last.file, 'status', 'deprecated'), last.file, 'version', `${major}.${Number(minor) + 1}.0`);
  const end = `  - property: endOfLife\n    value: '${until}'\n    element: ${last.name}\n    description: Published until then; its successor is ${last.product}_v${Number(major) + 1}.\n`;
  return /^slaProperties:\s*$/m.test(staged)
    ? staged.replace(/^slaProperties:\s*\n/m, `slaProperties:\n${end}`)
    : `${staged.trimEnd()}\nslaProperties:\n${end}`;
}

function set(text: string, file: string, key: string, value: string): string {
  return setInDocument(text, file, [key], value);
}

function lastDay(until: string | undefined): string {
  const today = systemClock.now();
  const day = until ?? new Date(today + WINDOW_DAYS * DAY).toISOString().slice(0, 10);
  const time = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== day || time <= today)
    throw new SkeinError('SKEIN_USAGE', `--until ${JSON.stringify(day)} is no day to come`, { hint: 'Write it as 2027-03-31.' });
  return day;
}
