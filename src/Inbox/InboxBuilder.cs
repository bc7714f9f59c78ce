using Messaging;
using Microsoft.Extensions.DependencyInjection;

namespace Inbox;

/// <summary>Describes the queues of this service.</summary>
public sealed class InboxBuilder
{
    // Room for the longest name that is derived from it, ".retry.86400000".
    private const int MaxNameBytes = WireBounds.MaxShortStringBytes - 15;

    private readonly IServiceCollection _services;
    private readonly List<QueueDefinition> _queues = [];

    internal InboxBuilder(IServiceCollection services) => _services = services;

    internal IReadOnlyList<QueueDefinition> Queues => _queues;

    /// <summary>Adds the queue <paramref name="name"/>, with retry queues <c>name.retry.N</c> and the dead-letter queue
    /// <c>name.dead</c> beside it.</summary>
    /// <param name="name">1 to 240 UTF-8 bytes. It is also the consumer's name in <c>inbox_message</c>: under another name,
    /// messages that were handled before would be handled again.</param>
    /// <param name="configure">Adds handlers and options.</param>
    /// <exception cref="ArgumentException">The name is malformed or taken, or the queue has no handler.</exception>
    public InboxBuilder Queue(string name, Action<QueueBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var queue = new QueueDefinition(WireNames.Require(name, MaxNameBytes, nameof(name)));
        if (_queues.Exists(known => known.Name == name))
        {
            throw new ArgumentException($"Queue \"{name}\" is there already.", nameof(name));
        }

        configure(new QueueBuilder(queue, _services));
        if (queue.Handlers.Count == 0)
        {
            throw new ArgumentException($"Queue \"{name}\" has no handler: every message in it would become a dead letter.", nameof(configure));
        }

        _queues.Add(queue);
        return this;
    }
}
