import { expect, it } from "vitest";
import { SettledDebits } from "./settled-debits.ts";

function setUp() {
  const clock = { nowMs: 0 };
  const debits = new SettledDebits(() => clock.nowMs);
  const at = (ms: number) => {
    clock.nowMs = ms;
  };
  return { debits, at };
}

it("a peer's debit is settled when its load is in the measured one; a refused one's at once", () => {
  const { debits, at } = setUp();
  debits.noteArrival("came");
  debits.noteRefusal("refused");
  expect(debits.due()).toEqual(["refused"]);
  at(9_999);
  expect(debits.due()).toEqual(["refused"]);
  at(10_000);
  expect(debits.due()).toEqual(["came", "refused"]);
});

it("a settled debit is named until a beat that named it is answered", () => {
  const { debits } = setUp();
  debits.noteRefusal("one");
  expect(debits.due()).toEqual(["one"]);
  debits.noteRefusal("two");
  debits.noteAnswer(["one"]);
  expect(debits.due()).toEqual(["two"]);
});

it("a beat names so many at most, and what the registry has long forgotten is forgotten", () => {
  const { debits, at } = setUp();
  for (let index = 0; index < 800; index++) debits.noteRefusal(`debit-${index}`);
  // Without the registry a peer comes without a debit.
  debits.noteRefusal("");
  expect(debits.due()).toHaveLength(500);
  debits.noteAnswer(debits.due());
  expect(debits.due()).toHaveLength(300);
  at(60_001);
  expect(debits.due()).toEqual([]);
});

it("the debit of a peer that has left again is settled at once; a settled one is not told twice", () => {
  const { debits, at } = setUp();
  debits.noteArrival("left");
  debits.noteArrival("stayed");
  debits.noteDeparture("left");
  expect(debits.due()).toEqual(["left"]);
  at(10_000);
  debits.noteAnswer(debits.due());
  debits.noteDeparture("stayed");
  expect(debits.due()).toEqual([]);
});

it("that a peer sits on another core is told until a beat that told it is answered, and once more when its debit is settled", () => {
  const { debits, at } = setUp();
  debits.noteArrival("home");
  debits.noteArrival("guest", 1);
  const seated = [{ debitId: "guest", core: 1 }];
  expect(debits.seated(debits.due())).toEqual(seated);
  expect(debits.seated(debits.due())).toEqual(seated);
  debits.noteAnswer([], seated);
  expect(debits.seated(debits.due())).toEqual([]);
  at(10_000);
  expect(debits.seated(debits.due())).toEqual(seated);
  debits.noteAnswer(debits.due(), seated);
  expect(debits.seated([])).toEqual([]);
});
