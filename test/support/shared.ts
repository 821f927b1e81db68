/**
 * Opens something before the first test of a `describe`, and closes it after the last. The returned object stands for it,
 * so that helpers can name it before it exists.
 */
export function useShared<T extends { close?(): unknown; remove?(): unknown }>(
  open: (context: Mocha.Context) => Promise<T>,
): T {
  let shared: T | undefined;
  before(async function () {
    this.timeout(900_000);
    shared = await open(this);
  });
  after(() => shared?.close?.() ?? shared?.remove?.());
  return new Proxy({} as T, {
    get: (_target, property) => {
      const value: unknown = Reflect.get(shared!, property);
      return typeof value === "function" ? (value.bind(shared) as unknown) : value;
    },
  });
}
