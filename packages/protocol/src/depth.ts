/** @returns Whether nothing in `value` lies under more than `limit` objects and lists. It goes no deeper itself. */
export function depthWithin(value: unknown, limit: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  const inner = Object.values(value);
  return limit === 0 ? inner.length === 0 : inner.every((item) => depthWithin(item, limit - 1));
}
