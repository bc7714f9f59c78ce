namespace Inbox;

/// <summary>What a failure means for the message.</summary>
internal enum FailureKind
{
    /// <summary>Trying again cannot help.</summary>
    Permanent,

    /// <summary>Two transactions wanted the same rows, or a table was changed meanwhile: nobody's fault, and likely to succeed the next
    /// time.</summary>
    Contention,

    /// <summary>The database could not be reached or cannot work: not the message's fault.</summary>
    Infrastructure,

    /// <summary>As above by the looks of it, but it came while a handler ran or its effect was committed, and the message may be the cause.</summary>
    PerhapsInfrastructure,

    /// <summary>Everything else: trying again may help.</summary>
    Transient,
}
