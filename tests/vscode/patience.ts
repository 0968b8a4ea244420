// Waiting on conditions. Nothing here or in the tests waits for a time to pass.

const PATIENCE_MS = 1000 * Number(process.env.REDLINE_TEST_PATIENCE ?? 60);

/** For the start of an editor on a machine with other work. */
export const START_PATIENCE_MS = 120_000;

/** What `probe` gives once it is something; fails with what it gave last, or threw. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  patience = PATIENCE_MS,
): Promise<T> {
  const started = performance.now();
  let last: unknown;
  for (;;) {
    try {
      const found = await probe();
      if (found !== undefined && found !== false) {
        return found;
      }
      last = found;
    } catch (error) {
      last = error;
    }
    if (performance.now() - started > patience) {
      throw new Error(`waited in vain until ${what}; last: ${last instanceof Error ? last.stack : last}`);
    }
    // Polling gives way to what is awaited; it decides nothing.
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

/** A gate that holds whoever waits for it until it is opened. */
export class Gate {
  readonly passed: Promise<void>;
  open!: () => void;

  constructor() {
    this.passed = new Promise((resolve) => {
      this.open = resolve;
    });
  }
}
