/**
 * Several generators at a time, their results as they come. When one fails, no further one is begun; those under way come to their end
 * first, so that everything that was done has been told.
 */

export interface Parallel<T, R> {
  readonly elements: AsyncIterable<T>;
  /** Called for at most `atOnce` elements at a time. */
  readonly work: (element: T) => AsyncIterable<R>;
  readonly atOnce: number;
  /** Called when nobody reads the results any more: ends the work that is under way. */
  readonly stop: () => void;
}

/** Errors: the first that `work` or `elements` throws. */
export async function* inParallel<T, R>(parallel: Parallel<T, R>): AsyncGenerator<R> {
  const workers = new Workers(parallel);
  let read = false;
  try {
    for (let results = await workers.next(); results !== undefined; results = await workers.next()) {
      yield* results;
    }
    read = true;
  } finally {
    if (!read) parallel.stop();
    await workers.end();
  }
  workers.throwFirst();
}

class Workers<T, R> {
  readonly #parallel: Parallel<T, R>;
  readonly #elements: AsyncIterator<T>;
  readonly #running = new Set<Promise<void>>();
  readonly #errors: unknown[] = [];
  #results: R[] = [];
  #stopped = false;
  /** Elements are taken one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #arrival = Promise.withResolvers<void>();

  constructor(parallel: Parallel<T, R>) {
    this.#parallel = parallel;
    this.#elements = parallel.elements[Symbol.asyncIterator]();
    for (let number = 0; number < parallel.atOnce; number++) {
      const worker: Promise<void> = this.#run().finally(() => {
        this.#running.delete(worker);
        this.#arrival.resolve();
      });
      this.#running.add(worker);
    }
  }

  /** What has come since; undefined when nothing more will come. */
  async next(): Promise<readonly R[] | undefined> {
    for (;;) {
      if (this.#results.length > 0) {
        const results = this.#results;
        this.#results = [];
        return results;
      }
      if (this.#running.size === 0) return undefined;
      await this.#arrival.promise;
      this.#arrival = Promise.withResolvers<void>();
    }
  }

  async end(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
    await this.#elements.return?.();
  }

  throwFirst(): void {
    if (this.#errors.length > 0) throw this.#errors[0];
  }

  async #run(): Promise<void> {
    try {
      while (!this.#stopped) {
        const element = await this.#take();
        if (element.done === true) return;
        for await (const result of this.#parallel.work(element.value)) {
          this.#results.push(result);
          this.#arrival.resolve();
        }
      }
    } catch (error) {
      this.#stopped = true;
      this.#errors.push(error);
    }
  }

  async #take(): Promise<IteratorResult<T>> {
    const taken = this.#turn.then(async () => await this.#elements.next());
    this.#turn = taken.catch(() => undefined);
    return await taken;
  }
}
