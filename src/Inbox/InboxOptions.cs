using Messaging;
using Microsoft.Extensions.Configuration;

namespace Inbox;

/// <summary>Settings of the inbox and its consumers, read from the section "Inbox".</summary>
public sealed class InboxOptions
{
    private const string SectionName = "Inbox";

    /// <summary>How many messages one transaction handles at most. 1 to 1,000; 100 unless set. A queue can have a
    /// bound of its own.</summary>
    public int BatchSize { get; init; } = 100;

    /// <summary>How many messages the broker delivers ahead to each queue's consumer. <see cref="BatchSize"/> to 10,000; 400, or
    /// <see cref="BatchSize"/> where that is more, unless set. A queue whose own batch size is larger has that.</summary>
    public int Prefetch { get; init; } = 400;

    /// <summary>How many transactions one queue's consumer runs side by side; messages of one key never share two. 1 to 64; 2
    /// unless set.</summary>
    public int Lanes { get; init; } = 2;

    /// <summary>How long one call of a handler may take: for one message, or for all that a batch handler is given. 100 ms to 1 h; 30 s
    /// unless set. RabbitMQ takes back what was not acked for its consumer_timeout, 30 min unless set: more needs a longer one there. From
    /// 4.3 on that is so for unordered queues alone; what an ordered one has delivered is taken back after a day. A message that is
    /// handled alone may wait for a lock for a quarter of it; that is no failure of the message unless it happens again and again.</summary>
    public TimeSpan HandlerTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a handled message is remembered, so that its duplicates have no effect. 1 h to 3,650 d, and longer than the
    /// longest wait of <see cref="Retry"/>; 30 d unless set.</summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(30);

    /// <summary>How failed messages are tried again.</summary>
    public RetryOptions Retry { get; init; } = new();

    /// <summary>After how many deliveries that were neither acked nor refused, because the process died or the connection
    /// was lost, the broker makes a message a dead letter. 5 to 1,000; 50 unless set. An argument of the queue: another value
    /// needs another queue. It must exceed twice the consumers of an ordered queue, and those of an unordered one by 3: each that
    /// goes on one by one over a suspect gives back all that was delivered ahead, which costs each of these messages a delivery.</summary>
    public int DeliveryLimit { get; init; } = 50;

    /// <exception cref="SettingsException">A value is out of bounds, or a name is unknown.</exception>
    internal static InboxOptions Read(IConfiguration configuration)
    {
        var section = new SettingsSection(configuration.GetSection(SectionName));
        var defaults = new InboxOptions();
        var batchSize = section.Integer(nameof(BatchSize), defaults.BatchSize, 1, 1_000);
        var options = new InboxOptions
        {
            BatchSize = batchSize,
            Prefetch = section.Integer(nameof(Prefetch), Math.Max(defaults.Prefetch, batchSize), batchSize, 10_000),
            Lanes = section.Integer(nameof(Lanes), defaults.Lanes, 1, 64),
            HandlerTimeout = section.Duration(nameof(HandlerTimeout), defaults.HandlerTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)),
            Retention = section.Duration(nameof(Retention), defaults.Retention, TimeSpan.FromHours(1), TimeSpan.FromDays(3_650)),
            Retry = RetryOptions.Read(section.Subsection(nameof(Retry))),
            DeliveryLimit = section.Integer(nameof(DeliveryLimit), defaults.DeliveryLimit, 5, 1_000),
        };
        var longestWait = TimeSpan.FromMilliseconds(new RetryLadder(options.Retry).Waits.DefaultIfEmpty().Max());
        if (options.Retention <= longestWait)
        {
            section.Refuse(nameof(Retention), options.Retention, $"longer than the longest wait for a retry ({longestWait}), or a copy that waits could have a second effect");
        }

        section.ThrowIfRefused();
        return options;
    }
}
