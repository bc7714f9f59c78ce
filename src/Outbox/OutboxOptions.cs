using Messaging;
using Microsoft.Extensions.Configuration;

namespace Outbox;

/// <summary>Settings of the outbox and its relay, read from the section "Outbox".</summary>
public sealed class OutboxOptions
{
    private const string SectionName = "Outbox";

    /// <summary>The topic exchange that messages go to. 1 to 255 UTF-8 bytes; "orders.events" unless set.</summary>
    public string Exchange { get; init; } = EventExchange.Default;

    /// <summary>How many rows one read fetches at most. 1 to 10,000; 1,000 unless set.</summary>
    public int BatchSize { get; init; } = 1_000;

    /// <summary>How many messages may be published and not yet confirmed. 1 to 10,000; 1,024 unless set.</summary>
    public int InFlight { get; init; } = 1_024;

    /// <summary>How long a sleeping relay waits before it looks again unasked. 50 ms to 1 min; 1 s unless set.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long the relay waits for a confirm before it abandons the connection. 1 s to 5 min; 15 s unless set.</summary>
    public TimeSpan ConfirmTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a silent owner keeps the table. As long may a read, a mark or a charge take, the wait for a lock included, before it
    /// is given up. 3 s to 5 min; 15 s unless set.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>After how many refusals a row is parked: returned, since no queue is bound for it, its exchange missing or forbidden,
    /// or the channel closed over it. A nack counts as an attempt but parks nothing: it tells of the broker, not of the message.
    /// One over which the channel is closed again and again is parked after 3 at the latest, one that the wire cannot carry at once.
    /// 1 to 1,000; 10 unless set.</summary>
    public int MaxAttempts { get; init; } = 10;

    /// <summary>How long a row waits after its first refusal; each further one doubles it. 10 ms to 1 h; 1 s unless set.</summary>
    public TimeSpan RetryFirst { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait after a refusal. <see cref="RetryFirst"/> to 1 d; 5 min, or <see cref="RetryFirst"/> where that is longer, unless
    /// set.</summary>
    public TimeSpan RetryCap { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>What becomes of a message for which no queue is bound. Parked unless set.</summary>
    public UnroutablePolicy Unroutable { get; init; } = UnroutablePolicy.Park;

    /// <summary>How long sent rows are kept. 0 (delete on confirm) to 3,650 d; 7 d unless set.</summary>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(7);

    /// <summary>The largest body that <c>AddMessage</c> accepts. 1 KiB to 16 MiB; 1 MiB unless set.</summary>
    public int MaxBodyBytes { get; init; } = 1024 * 1024;

    /// <summary>No setting, but carried by them: they are what a context and the relay of the same process have in common. So two
    /// <see cref="OutboxOptions"/> of equal values are still two outboxes.</summary>
    internal CommitSignal Commits { get; } = new();

    /// <exception cref="SettingsException">A value is out of bounds, or a name is unknown.</exception>
    internal static OutboxOptions Read(IConfiguration configuration)
    {
        var section = new SettingsSection(configuration.GetSection(SectionName));
        var defaults = new OutboxOptions();
        var retryFirst = section.Duration(nameof(RetryFirst), defaults.RetryFirst, TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1));
        var options = new OutboxOptions
        {
            Exchange = section.ShortText(nameof(Exchange), defaults.Exchange),
            BatchSize = section.Integer(nameof(BatchSize), defaults.BatchSize, 1, 10_000),
            InFlight = section.Integer(nameof(InFlight), defaults.InFlight, 1, 10_000),
            PollInterval = section.Duration(nameof(PollInterval), defaults.PollInterval, TimeSpan.FromMilliseconds(50), TimeSpan.FromMinutes(1)),
            ConfirmTimeout = section.Duration(nameof(ConfirmTimeout), defaults.ConfirmTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5)),
            Lease = section.Duration(nameof(Lease), defaults.Lease, TimeSpan.FromSeconds(3), TimeSpan.FromMinutes(5)),
            MaxAttempts = section.Integer(nameof(MaxAttempts), defaults.MaxAttempts, 1, 1_000),
            RetryFirst = retryFirst,
            RetryCap = section.Duration(nameof(RetryCap), retryFirst > defaults.RetryCap ? retryFirst : defaults.RetryCap, retryFirst, TimeSpan.FromDays(1)),
            Unroutable = section.OneOf(nameof(Unroutable), defaults.Unroutable),
            Retention = section.Duration(nameof(Retention), defaults.Retention, TimeSpan.Zero, TimeSpan.FromDays(3_650)),
            MaxBodyBytes = section.Integer(nameof(MaxBodyBytes), defaults.MaxBodyBytes, 1024, 16 * 1024 * 1024),
        };
        section.ThrowIfRefused();
        return options;
    }
}
