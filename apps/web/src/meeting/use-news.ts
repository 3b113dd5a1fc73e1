import type { Room } from "@fairlead/client";
import { useEffect, useState } from "react";
import { newsOf, type PassingNews } from "./banner-state.ts";

const NEWS_MS = 5_000;

/** The last event of the connection, for as long as it is news. */
export function useNews(room: Room): PassingNews | undefined {
  const [news, setNews] = useState<PassingNews>();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let before = room.connectionState;
    let known: PassingNews | undefined;
    const set = (next: PassingNews | undefined) => {
      known = next;
      setNews(next);
    };
    const tell = (next: PassingNews | undefined) => {
      if (!next) return;
      clearTimeout(timer);
      set(next);
      timer = setTimeout(() => set(undefined), NEWS_MS);
    };
    const stopConnection = room.on("connection.changed", ({ state }) => {
      tell(newsOf(before, state, known));
      before = state;
    });
    const stopMoved = room.on("room.moved", () => tell("moved"));
    return () => {
      clearTimeout(timer);
      stopConnection();
      stopMoved();
    };
  }, [room]);
  return news;
}
