import type { SwarmEvent } from '@skein/swarm';

/** Where long work tells how far it is. */
export interface Progress {
  step(label: string, done: number, of: number): void;
  note(text: string): void;
  end(): void;
}

export const silent: Progress = { step: () => undefined, note: () => undefined, end: () => undefined };

const WIDTH = 28;

/** A bar on a terminal, redrawn in place; elsewhere one line when a label begins. Writes to `out`, which is standard error. */
export function progressOn(out: NodeJS.WriteStream): Progress {
  let label = '';
  let drawn = 0;
  const clear = () => {
    if (out.isTTY && drawn > 0) out.write('\r\u001b[K');
  };
  return {
    step(next, done, of) {
      if (!out.isTTY) {
        if (next !== label) out.write(`${next}\n`);
        label = next;
        return;
      }
      const now = performance.now();
      if (next === label && now - drawn < 60 && done < of) return;
      label = next;
      drawn = now;
      const filled = of > 0 ? Math.round((done / of) * WIDTH) : 0;
      out.write(`\r\u001b[K${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${label} ${done.toLocaleString('en-GB')} of ${of.toLocaleString('en-GB')}`);
    },
    note(text) {
      clear();
      out.write(`${text}\n`);
      label = '';
      drawn = 0;
    },
    end() {
      clear();
      label = '';
      drawn = 0;
    },
  };
}

/** What a swarm does, as steps of a progress bar. */
export function showEvent(progress: Progress, event: SwarmEvent): void {
  if (event.verb === 'landing') progress.step(`${event.domain}: landing files`, event.done, event.of);
  else if (event.verb === 'making') progress.step(`${event.domain}: making products`, event.done, event.of);
  else if (event.verb === 'asked') progress.note(`${event.product}: a model was asked about ${event.column} (${event.rule}): ${event.outcome}: ${event.why}`);
  else if (event.verb === 'took-back') progress.note(`${event.product}: repairs of ${event.column} were taken back: ${event.why}`);
  else if (event.verb === 'landed' && event.source.outcome === 'refused')
    progress.note(`${event.domain}: ${event.source.file} refused: ${event.source.error?.message ?? ''}`);
}
