type Page = { cursor?: string };
type Query = { cursor?: string };

/** Every page from `query.cursor` on. Asks for the next one when the caller wants it. */
export async function* pagesOf<P extends Page, Q extends Query>(
  read: (query: Q) => Promise<P>,
  query: Q,
): AsyncGenerator<P, void, undefined> {
  let { cursor } = query;
  do {
    const page = await read({ ...query, cursor });
    yield page;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** The items of all pages, one after the other. */
export async function* itemsOf<P, T>(
  pages: AsyncIterable<P>,
  items: (page: P) => readonly T[],
): AsyncGenerator<T, void, undefined> {
  for await (const page of pages) yield* items(page);
}
