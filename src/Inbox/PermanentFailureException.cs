namespace Inbox;

/// <summary>Thrown by a handler to say that trying again cannot help: the message becomes a dead letter at once.</summary>
public class PermanentFailureException : Exception
{
    /// <summary>A failure without a text.</summary>
    public PermanentFailureException()
    {
    }

    /// <param name="message">For the log. It does not go into the dead letter, which carries only the exception's type.</param>
    public PermanentFailureException(string message)
        : base(message)
    {
    }

    /// <param name="message">For the log. It does not go into the dead letter, which carries only the exception's type.</param>
    /// <param name="innerException">What was found.</param>
    public PermanentFailureException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
