namespace Inbox;

/// <summary>A queue as <see cref="InboxBuilder"/> describes it.</summary>
internal sealed class QueueDefinition(string name)
{
    public string Name { get; } = name;

    public string DeadQueue => $"{Name}.dead";

    /// <summary>One active consumer at a time, further ones standing by: order holds across processes.</summary>
    public bool Ordered { get; set; } = true;

    /// <summary>One SaveChanges for all handlers of a batch, not one for each.</summary>
    public bool SavesTogether { get; set; }

    public int? BatchSize { get; set; }

    public int? Lanes { get; set; }

    /// <summary>The exchange its bindings are on; that of the setting Outbox:Exchange unless set.</summary>
    public string? Exchange { get; set; }

    /// <summary>By the wire names of their messages. No CLR type name ever comes from the wire.</summary>
    public Dictionary<string, HandlerBinding> Handlers { get; } = new(StringComparer.Ordinal);

    /// <summary>Failures for which trying again is no use, besides <see cref="PermanentFailureException"/>.</summary>
    public List<Func<Exception, bool>> PermanentRules { get; } = [];
}
