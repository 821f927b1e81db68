/** What readers see of a table. Keys have no case. */
export interface View<Row> {
  get(key: string): Row | undefined;
  all(): Row[];
}

interface Version<Row> {
  readonly at: number;
  /** Undefined: deleted. */
  readonly row: Row | undefined;
}

/** So many versions of a row are kept; the ones before are forgotten. */
const MAX_VERSIONS = 100;

/** Rows by key, with their past. Rows are never changed, only replaced, so that the past stays what it was. */
export class Table<Row> implements View<Row> {
  private rows = new Map<string, Row>();
  private past = new Map<string, readonly Version<Row>[]>();

  get(key: string): Row | undefined {
    return this.rows.get(key.toLowerCase());
  }

  all(): Row[] {
    return [...this.rows.values()];
  }

  put(key: string, row: Row, at: Date): void {
    this.rows.set(key.toLowerCase(), row);
    this.remember(key.toLowerCase(), { at: at.getTime(), row });
  }

  delete(key: string, at: Date): void {
    if (this.rows.delete(key.toLowerCase()))
      this.remember(key.toLowerCase(), { at: at.getTime(), row: undefined });
  }

  /** The table as it was at an instant. */
  asOf(instant: number): View<Row> {
    const rowAt = (key: string) => this.past.get(key)?.findLast(({ at }) => at <= instant)?.row;
    return {
      get: (key) => rowAt(key.toLowerCase()),
      all: () => [...this.past.keys()].map(rowAt).filter((row) => row !== undefined),
    };
  }

  /** A table with the same rows and past; changes of one do not reach the other. */
  copy(): Table<Row> {
    const copy = new Table<Row>();
    copy.rows = new Map(this.rows);
    copy.past = new Map(this.past);
    return copy;
  }

  private remember(key: string, version: Version<Row>): void {
    const before = this.past.get(key) ?? [];
    this.past.set(key, [...before.slice(1 - MAX_VERSIONS), version]);
  }
}
