import { chromium } from "playwright-core";

// No sandbox: root, and most containers, cannot have one. The rest is what needs
// neither a graphics card nor the network.
const args = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

// Starts the browser that the tests use.
export const launch = (executablePath, ...more) => chromium.launch({ executablePath, args: [...args, ...more] });

// Starts it for others to connect to, each as if it were a browser of their own.
export const launchServer = (executablePath) => chromium.launchServer({ executablePath, args });
export const connect = () => chromium.connect(process.env.BROWSER);
