// One event of each kind by Segment's library for Node: node segment.mjs URL WRITE_KEY REF
import { Analytics } from "@segment/analytics-node";

const [host, writeKey, ref] = process.argv.slice(2);
const analytics = new Analytics({ host, writeKey, flushAt: 4, maxRetries: 1 });
analytics.on("error", (error) => {
  console.error(error);
  process.exitCode = 1;
});
const userId = "ada";
analytics.identify({ userId, traits: { plan: "gold" } });
analytics.group({ userId, groupId: "acme", traits: { size: 5 } });
analytics.page({ userId, name: "Home", properties: { path: "/" } });
analytics.screen({ userId, name: "Basket" });
analytics.alias({ userId, previousId: "cookie" });
analytics.track({ userId, event: "Order Completed", properties: { ref, revenue: 9.5 } });
await analytics.closeAndFlush({ timeout: 20000 });
