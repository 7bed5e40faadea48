// One event of each kind by RudderStack's library for Node: node rudder.mjs URL WRITE_KEY REF
import RudderAnalytics from "@rudderstack/rudder-sdk-node";

const [dataPlaneUrl, writeKey, ref] = process.argv.slice(2);
const client = new RudderAnalytics(writeKey, { dataPlaneUrl, logLevel: "warn" });
const userId = "ada";
client.identify({ userId, traits: { plan: "gold" } });
client.group({ userId, groupId: "acme", traits: { size: 5 } });
client.page({ userId, name: "Home", properties: { path: "/" } });
client.screen({ userId, name: "Basket" });
client.alias({ userId, previousId: "cookie" });
client.track({ userId, event: "Order Completed", properties: { ref, revenue: 9.5 } });
await client.flush();
