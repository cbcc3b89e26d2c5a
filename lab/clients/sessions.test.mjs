// A browser on the demo page of a program, with one transport: a login, what
// scripts can reach, a theft, and pages of other origins.
import "./browser/theft.mjs";
import "./browser/crosssite.mjs";
