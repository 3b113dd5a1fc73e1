type PageHandlers = {
  /** The page goes away for good. Only what happens synchronously still happens. */
  gone(): void;
  online(): void;
};

/** @returns A function that takes the listeners off. Outside of a browser nothing happens. */
export function watchPage({ gone, online }: PageHandlers): () => void {
  if (typeof window === "undefined") return () => {};
  // A page that goes to the back/forward cache may come back: its session resumes then.
  const handlePageHide = (event: PageTransitionEvent) => event.persisted || gone();
  window.addEventListener("pagehide", handlePageHide);
  window.addEventListener("online", online);
  return () => {
    window.removeEventListener("pagehide", handlePageHide);
    window.removeEventListener("online", online);
  };
}
