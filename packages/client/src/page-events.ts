type PageHandlers = {
  /** The page goes away for good. Only synchronous work still happens. */
  gone(): void;
  online(): void;
  offline(): void;
};

/** @returns A function that removes the listeners. Does nothing outside of a browser. */
export function watchPage({ gone, online, offline }: PageHandlers): () => void {
  if (typeof window === "undefined") return () => {};
  // A page in the back/forward cache may come back, and then resumes its session.
  const handlePageHide = (event: PageTransitionEvent) => event.persisted || gone();
  window.addEventListener("pagehide", handlePageHide);
  window.addEventListener("online", online);
  window.addEventListener("offline", offline);
  return () => {
    window.removeEventListener("pagehide", handlePageHide);
    window.removeEventListener("online", online);
    window.removeEventListener("offline", offline);
  };
}
