type Branch<T> = {
  /** By token; `*` stands for any. */
  readonly next: Map<string, Branch<T>>;
  /** Whose pattern ends here. */
  readonly here: Set<T>;
  /** Whose pattern goes on with `>`. */
  readonly beyond: Set<T>;
};

/** Patterns of subjects with what belongs to them. What does not match a subject costs nothing to find out. */
export class SubjectTree<T> {
  readonly #root = newBranch<T>();

  /** @param pattern Tokens joined by dots; `*` stands for one token, a last `>` for one or more. */
  add(pattern: string, value: T): void {
    const { tokens, isOpen } = split(pattern);
    let branch = this.#root;
    for (const token of tokens) {
      const next = branch.next.get(token) ?? newBranch();
      branch.next.set(token, next);
      branch = next;
    }
    (isOpen ? branch.beyond : branch.here).add(value);
  }

  /** Nothing happens to a value that was not added. */
  delete(pattern: string, value: T): void {
    const { tokens, isOpen } = split(pattern);
    removeFrom(this.#root, tokens, (branch) => (isOpen ? branch.beyond : branch.here).delete(value));
  }

  /** @returns The values of all patterns that stand for it. */
  matching(subject: string): T[] {
    const found: T[] = [];
    collect(this.#root, subject.split("."), 0, found);
    return found;
  }
}

function newBranch<T>(): Branch<T> {
  return { next: new Map(), here: new Set(), beyond: new Set() };
}

function split(pattern: string): { tokens: string[]; isOpen: boolean } {
  const tokens = pattern.split(".");
  const isOpen = tokens.at(-1) === ">";
  return { tokens: isOpen ? tokens.slice(0, -1) : tokens, isOpen };
}

function removeFrom<T>(branch: Branch<T>, tokens: string[], remove: (branch: Branch<T>) => void): void {
  const [token, ...rest] = tokens;
  if (token === undefined) {
    remove(branch);
    return;
  }
  const next = branch.next.get(token);
  if (!next) return;
  removeFrom(next, rest, remove);
  if (next.next.size + next.here.size + next.beyond.size === 0) branch.next.delete(token);
}

function collect<T>({ next, here, beyond }: Branch<T>, tokens: string[], index: number, found: T[]): void {
  const token = tokens[index];
  if (token === undefined) {
    found.push(...here);
    return;
  }
  found.push(...beyond);
  for (const key of [token, "*"]) {
    const branch = next.get(key);
    if (branch) collect(branch, tokens, index + 1, found);
  }
}
