// The one browser of a run of tests, for as long as standard input is open. The
// line that it prints is where to connect to it.
import { launchServer } from "./launch.mjs";

const server = await launchServer(process.env.CHROMIUM);
console.log(server.wsEndpoint());
process.stdin.resume().on("end", async () => {
  await server.close();
  process.exit();
});
