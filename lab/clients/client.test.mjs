// ratchet.js and the page, in what does not depend on the framework.
import { transport } from "./browser/visitor.mjs";

if (transport === "bearer") await import("./browser/look.mjs"); // it is the same with all
await import("./browser/ending.mjs");
await import("./browser/trouble.mjs");
