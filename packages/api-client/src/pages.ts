type Page = { cursor?: string };
type Query = { cursor?: string };

/** Every page from `query.cursor` on, asked for one at a time as the caller goes on. */
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

/** What is on all pages, one after the other. */
export async function* itemsOf<P, T>(
  pages: AsyncIterable<P>,
  items: (page: P) => readonly T[],
): AsyncGenerator<T, void, undefined> {
  for await (const page of pages) yield* items(page);
}
