import "./parse-without-eval.ts";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Root } from "./root.tsx";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/lobby.css";
import "./styles/meeting.css";
import "./styles/tile.css";
import "./styles/panel.css";
import "./styles/broadcast.css";
import "./styles/studio.css";
import "./styles/watch.css";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <Root />
  </StrictMode>,
);
