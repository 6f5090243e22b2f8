import path from 'node:path';
import { SkeinError } from '@skein/kernel';
import { issueDevToken } from '@skein/gateway/dev-keys';

export async function token(flags: { as: string; purposes: string; hours: number; data: string }): Promise<void> {
  if (!(flags.hours > 0 && flags.hours <= 24 * 30))
    throw new SkeinError('SKEIN_USAGE', `--hours ${flags.hours} is not between 0 and 720`, { hint: 'Give --hours a number up to 720.' });
  const issued = await issueDevToken({
    dir: path.resolve(flags.data, 'keys'),
    as: flags.as,
    purposes: flags.purposes
      .split(',')
      .map((purpose) => purpose.trim())
      .filter((purpose) => purpose !== ''),
    expiresIn: Math.round(flags.hours * 3600),
  });
  process.stdout.write(`${issued}\n`);
}
