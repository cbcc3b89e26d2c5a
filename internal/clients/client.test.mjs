// ratchet.js and the page, in what does not depend on the framework.
import "./browser/look.mjs";
import "./browser/ending.mjs";
import "./browser/trouble.mjs";
