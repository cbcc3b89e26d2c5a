// The demo page from beginning to end.
import "./browser/story.mjs";
