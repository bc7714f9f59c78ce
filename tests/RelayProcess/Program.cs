using Microsoft.Extensions.Hosting;
using Outbox;

// A service with the role relay alone, for tests that kill it, freeze it or let it hang. Its settings are in the environment.
var builder = Host.CreateApplicationBuilder(args);
builder.Services.AddOutboxRelay();
await builder.Build().RunAsync();
