import { execFile } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { SkeinError } from '@skein/kernel';

const MOST_BYTES = 256 * 1024 * 1024;

/** The files of a git repository as they stood at one commit. Git is asked without a shell, and never writes. */
export class GitTree {
  /** As the user named the commit. */
  readonly ref: string;
  /** Folder of the repository, links resolved. */
  readonly top: string;
  /** Every path of the commit, relative to `top`, with `/`. */
  readonly paths: ReadonlySet<string>;
  readonly #commit: string;

  private constructor(ref: string, top: string, commit: string, paths: ReadonlySet<string>) {
    this.ref = ref;
    this.top = top;
    this.#commit = commit;
    this.paths = paths;
  }

  /**
   * @param folder any folder of the repository.
   * @throws SkeinError SKEIN_USAGE where there is no git, no repository or no such commit.
   */
  static async at(folder: string, ref: string): Promise<GitTree> {
    // What begins with a dash would be an option.
    if (!/^[^-\s][^\s]*$/.test(ref)) throw unknownRef(ref, 'it is no name of a commit');
    const top = (await git(folder, ['rev-parse', '--show-toplevel'])).toString('utf8').replace(/\n$/, '');
    const commit = (
      await git(top, ['rev-parse', '--verify', '--quiet', `${ref}^{commit}`]).catch((error: unknown) => {
        throw unknownRef(ref, 'the repository has no such commit', error);
      })
    )
      .toString('utf8')
      .trim();
    const listed = await git(top, ['ls-tree', '-r', '-z', '--full-tree', '--name-only', commit]);
    return new GitTree(ref, await realpath(top), commit, new Set(listed.toString('utf8').split('\0').filter(Boolean)));
  }

  /**
   * The commit that a change of the working tree starts from: where this branch left the default one, or, on the default branch,
   * the parent commit. Undefined where git does not know one (no repository, a first commit, a shallow clone).
   */
  static async base(folder: string): Promise<string | undefined> {
    const answer = async (...args: string[]): Promise<string | undefined> =>
      (await git(folder, args).catch(() => Buffer.of())).toString('utf8').trim() || undefined;
    const head = await answer('rev-parse', '--verify', '--quiet', 'HEAD^{commit}');
    if (head === undefined) return undefined;
    const remote = await answer('symbolic-ref', '--quiet', '--short', 'refs/remotes/origin/HEAD');
    for (const branch of [...(remote === undefined ? [] : [remote]), 'origin/main', 'origin/master', 'main', 'master']) {
      const commit: string | undefined = await answer('rev-parse', '--verify', '--quiet', `${branch}^{commit}`);
      const fork: string | undefined = commit === undefined ? undefined : await answer('merge-base', head, commit);
      if (fork !== undefined && fork !== head) return fork;
      if (commit !== undefined) break;
    }
    return answer('rev-parse', '--verify', '--quiet', 'HEAD^1^{commit}');
  }

  /** The path of a file in the repository, whether it exists or not. @throws SkeinError SKEIN_USAGE for one that lies elsewhere. */
  async pathOf(file: string): Promise<string> {
    const relative = path.relative(this.top, await resolved(file));
    if (relative.startsWith('..') || path.isAbsolute(relative))
      throw new SkeinError('SKEIN_USAGE', `${file} lies outside the repository ${this.top}`, { hint: 'Compare files of one repository at a time.' });
    return relative.split(path.sep).join('/');
  }

  /** What a file held; without filters, as it is stored. */
  async read(file: string): Promise<string> {
    return (await git(this.top, ['cat-file', 'blob', `${this.#commit}:${file}`])).toString('utf8').replace(/^\uFEFF/, '');
  }
}

function git(folder: string, args: readonly string[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    execFile('git', ['-C', folder, ...args], { encoding: 'buffer', maxBuffer: MOST_BYTES, windowsHide: true }, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const said = stderr.toString('utf8').trim().split('\n')[0] ?? '';
      reject(
        new SkeinError('SKEIN_USAGE', `git ${args[0] ?? ''} failed: ${said === '' ? error.message.split('\n')[0] : said}`, {
          hint: 'Run it inside a git repository, with git installed; or compare two files.',
          cause: error,
        }),
      );
    });
  });
}

function unknownRef(ref: string, why: string, cause?: unknown): SkeinError {
  return new SkeinError('SKEIN_USAGE', `--against ${JSON.stringify(ref)} cannot be read: ${why}`, {
    hint: 'Name a commit, branch or tag that this clone has (a shallow clone has few: git fetch --unshallow), or the http address of a gateway.',
    cause,
  });
}

/** The real path of what exists of a path, and the rest as it is. */
async function resolved(file: string): Promise<string> {
  const real = await realpath(file).catch(() => undefined);
  if (real !== undefined || path.dirname(file) === file) return real ?? file;
  return path.join(await resolved(path.dirname(file)), path.basename(file));
}
