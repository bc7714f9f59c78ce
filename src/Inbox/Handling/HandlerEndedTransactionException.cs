namespace Inbox;

/// <summary>The handler has committed or rolled back the transaction that it was given. What it did afterwards was committed
/// statement by statement, so trying again could double it.</summary>
internal sealed class HandlerEndedTransactionException(Exception? inner = null)
    : PermanentFailureException("The handler has committed or rolled back by itself; the inbox commits.", inner!);
