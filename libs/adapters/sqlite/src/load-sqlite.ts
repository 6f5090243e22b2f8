type Sqlite = typeof import('node:sqlite');
type Emit = typeof process.emitWarning;

let loading: Promise<Sqlite> | undefined;

/**
 * Node's own SQLite, loaded when it is first needed. Some versions of Node 24 call it experimental, once, on standard error; who
 * runs a mesh can do nothing about that, so that one warning is left out while the module loads.
 */
export function loadSqlite(): Promise<Sqlite> {
  return (loading ??= load());
}

async function load(): Promise<Sqlite> {
  const emit = process.emitWarning;
  const quiet = ((warning: string | Error, ...rest: unknown[]): void => {
    if (!String(warning).includes('SQLite is an experimental feature')) (emit as (...all: unknown[]) => void).call(process, warning, ...rest);
  }) as Emit;
  process.emitWarning = quiet;
  try {
    return await import('node:sqlite');
  } finally {
    if (process.emitWarning === quiet) process.emitWarning = emit;
  }
}
