using RabbitMQ.Client;

namespace Inbox;

/// <summary>What is to be put into a queue instead of a delivery.</summary>
/// <param name="queue">A retry queue, or the one for dead letters.</param>
/// <param name="properties">Not changed by anybody.</param>
/// <param name="body">That of the delivery.</param>
internal sealed class Copy(string queue, BasicProperties properties, ReadOnlyMemory<byte> body)
{
    public string Queue => queue;

    public BasicProperties Properties => properties;

    public ReadOnlyMemory<byte> Body => body;

    /// <summary>Whether the broker may have ended a channel over it: it is published while no other one is.</summary>
    public bool IsSuspect { get; set; }

    /// <summary>For one publish: the client writes into the headers that it is given.</summary>
    public BasicProperties PropertiesToPublish() => new(properties)
    {
        Headers = properties.Headers is { } headers ? new Dictionary<string, object?>(headers) : null,
    };
}
