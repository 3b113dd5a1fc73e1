import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rankByRendezvous } from "./rendezvous.ts";

const node = (nodeId: string, incarnation = `${nodeId}-run`) => ({ nodeId, incarnation });
const ids = (nodes: { nodeId: string }[]) => nodes.map(({ nodeId }) => nodeId);
const token = fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/);
const someNodes = fc.uniqueArray(fc.tuple(token, token), { minLength: 1, maxLength: 12, selector: String });

describe("the rendezvous order", () => {
  it("is the same in every process, in whatever order the nodes answered", () => {
    fc.assert(
      fc.property(token, someNodes, fc.infiniteStream(fc.nat()), (roomId, pairs, dice) => {
        const nodes = pairs.map(([nodeId, incarnation]) => ({ nodeId, incarnation }));
        const shuffled = nodes
          .map((each) => ({ each, key: dice.next().value }))
          .sort((a, b) => a.key - b.key)
          .map(({ each }) => each);
        expect(rankByRendezvous(roomId, shuffled)).toEqual(rankByRendezvous(roomId, nodes));
      }),
    );
  });

  it("of the others stays when a node goes", () => {
    fc.assert(
      fc.property(token, fc.uniqueArray(token, { minLength: 2, maxLength: 12 }), (roomId, names) => {
        const ranked = ids(
          rankByRendezvous(
            roomId,
            names.map((name) => node(name)),
          ),
        );
        const [gone] = names;
        const rest = names.filter((name) => name !== gone).map((name) => node(name));
        expect(ids(rankByRendezvous(roomId, rest))).toEqual(ranked.filter((name) => name !== gone));
      }),
    );
  });

  it.each([2, 3, 7, 24])(
    "spreads rooms evenly over %i nodes, also with names that hardly differ",
    (count) => {
      const nodes = Array.from({ length: count }, (_, index) => node(`node-${index}`));
      const rooms = 2_000 * count;
      const wins = new Map<string, number>();
      for (let n = 0; n < rooms; n += 1) {
        const [winner] = ids(rankByRendezvous(`room-${n}`, nodes));
        wins.set(winner ?? "", (wins.get(winner ?? "") ?? 0) + 1);
      }
      expect(wins.size).toBe(count);
      // Five standard deviations of a fair die.
      const allowed = 5 * Math.sqrt(2_000);
      for (const [name, won] of wins) expect(Math.abs(won - 2_000), name).toBeLessThan(allowed);
    },
  );
});
