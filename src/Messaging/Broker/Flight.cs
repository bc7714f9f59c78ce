using System.Diagnostics;
using RabbitMQ.Client;

namespace Messaging;

/// <summary>One publish, from the request until its fate is known.</summary>
internal sealed class Flight(
    string exchange, string routingKey, BasicProperties properties, ReadOnlyMemory<byte> body, long startedAt, bool inline)
{
    private readonly TaskCompletionSource<PublishOutcome> _outcome =
        new(inline ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously);

    public string Exchange => exchange;

    public string RoutingKey => routingKey;

    public BasicProperties Properties => properties;

    public ReadOnlyMemory<byte> Body => body;

    public long StartedAt => startedAt;

    /// <summary>What asked for it, and is the parent of the client's own span.</summary>
    public Activity? Origin { get; } = Activity.Current;

    /// <summary>Its number on the channel; 0 until its turn has come.</summary>
    public ulong Number { get; set; }

    public Task<PublishOutcome> Outcome => _outcome.Task;

    public void End(PublishOutcome outcome) => _outcome.TrySetResult(outcome);
}
