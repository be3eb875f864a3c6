import { createRoot } from "react-dom/client";
import { takeToken } from "../api/token";
import "../styles/index.css";
import "./app.css";
import "./sessions.css";
import "./table.css";
import { App } from "./App";

const token = takeToken();
const host = document.getElementById("app");
if (host !== null) createRoot(host).render(<App token={token} />);
