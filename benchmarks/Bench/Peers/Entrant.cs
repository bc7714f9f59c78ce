using Bench.Relaying;
using Bench.Setup;

namespace Bench.Peers;

/// <summary>Who is compared: it starts a contender for each repeat, with a queue and a database that no other entrant uses.</summary>
internal sealed record Entrant(string Variant, BoundQueue Queue, OutboxTable Table, Func<Task<IContender>> StartAsync);
