;;; redline.el --- AI rewrites through eglot -*- lexical-binding: t -*-

;; Package-Requires: ((emacs "29.1"))
;; Keywords: tools, convenience
;; SPDX-License-Identifier: MIT OR Apache-2.0

;;; Commentary:

;; Select lines and say what you want: the rewrite comes as one edit, and you accept or reject it.
;;
;;   (require 'redline)
;;   (redline-setup 'python-mode 'rust-mode)
;;
;; Then M-x eglot in such a buffer, and the commands of `redline-map'.  The work is done by the language server
;; `redline lsp'; here is only what asks it.  Eglot runs one server for a buffer.

;;; Code:

(require 'eglot)
(require 'seq)

(defgroup redline nil
  "AI rewrites through a language server."
  :group 'tools)

(defcustom redline-command '("redline" "lsp")
  "How the language server is started."
  :type '(repeat string))

(defvar redline-history nil
  "Instructions given so far, newest first.")

(defvar redline-map
  (let ((map (make-sparse-keymap)))
    (define-key map "i" #'redline-rewrite)
    (define-key map "a" #'redline-accept)
    (define-key map "r" #'redline-reject)
    (define-key map "A" #'redline-accept-change)
    (define-key map "R" #'redline-reject-change)
    (define-key map "s" #'redline-interrupt)
    (define-key map "o" #'redline-redirect)
    (define-key map "t" #'redline-retry)
    (define-key map "?" #'redline-status)
    map)
  "Keys for the commands; bind it to a prefix of yours.")

(defun redline-setup (&rest modes)
  "Let eglot start Redline in buffers of MODES."
  (add-to-list 'eglot-server-programs (cons modes (lambda (&rest _) redline-command)))
  (dolist (mode modes)
    (add-hook (intern (format "%s-hook" mode)) #'redline--tell-changes-soon)))

(defvar-local redline--is-used nil
  "Whether Redline is set up for the buffer's mode.")

(defun redline--tell-changes-soon ()
  "Let eglot tell the server of changes soon after they are made."
  (setq redline--is-used t)
  (setq-local eglot-send-changes-idle-time 0.1))

;; Eglot compares the version of an edit with that of the last change that it told, not with the buffer: an edit made
;; before what was just typed would go to the old places.  Told first, the typing makes eglot refuse that edit, and the
;; server makes it anew.
;; Emacs puts no boundary between an edit from a server and what was typed last, so that one undo would take back both.
(defvar-local redline--edited nil
  "The tick of the buffer's text after an edit of ours that ended an undo step, while further ones join it.")

(defun redline--edited-buffers (edit)
  "The buffers of Redline that EDIT changes."
  (let (buffers)
    (seq-doseq (change (plist-get edit :documentChanges))
      (let* ((uri (plist-get (plist-get change :textDocument) :uri))
             (buffer (and uri (find-buffer-visiting (eglot-uri-to-path uri)))))
        (when (and buffer (buffer-local-value 'redline--is-used buffer))
          (push buffer buffers))))
    buffers))

(cl-defmethod eglot-handle-request :before
  ((_server eglot-lsp-server) (_method (eql workspace/applyEdit)) &key edit &allow-other-keys)
  "Tell the server what was typed, and begin or go on with an undo step, before EDIT is applied."
  (dolist (buffer (redline--edited-buffers edit))
    (with-current-buffer buffer
      (eglot--signal-textDocument/didChange)
      (if (not (eql redline--edited (buffer-chars-modified-tick)))
          (undo-boundary)
        ;; The last edit was ours, too: without the boundary behind it this one joins it.
        (when (and (consp buffer-undo-list) (null (car buffer-undo-list)))
          (setq buffer-undo-list (cdr buffer-undo-list)))))))

(cl-defmethod eglot-handle-request :after
  ((_server eglot-lsp-server) (_method (eql workspace/applyEdit)) &key edit &allow-other-keys)
  "Tell the server of EDIT before anything is typed, and end its undo step, so that what is typed is another one."
  (dolist (buffer (redline--edited-buffers edit))
    (with-current-buffer buffer
      (eglot--signal-textDocument/didChange)
      (undo-boundary)
      (setq redline--edited (buffer-chars-modified-tick)))))

(defun redline--execute (command &optional argument)
  "Send COMMAND with ARGUMENT, a plist, and return the answer."
  (let ((server (or (eglot-current-server) (user-error "Redline: start eglot first"))))
    ;; What is meant is the text as it stands here.
    (eglot--signal-textDocument/didChange)
    (condition-case refusal
        (eglot-execute server (list :title command
                                    :command command
                                    :arguments (if argument (vector argument) (vector))))
      (jsonrpc-error
       (user-error "Redline: %s"
                   (or (alist-get 'jsonrpc-error-message (cdr refusal)) (error-message-string refusal)))))))

(defun redline--line (place)
  "The line of PLACE, counted from 0 and without narrowing."
  (1- (line-number-at-pos place t)))

(defun redline--touches (range line)
  "Whether RANGE of the protocol touches LINE, counted from 0."
  (let* ((start (plist-get range :start))
         (end (plist-get range :end))
         (last (plist-get end :line)))
    (and (<= (plist-get start :line) line)
         (or (< line last)
             (and (= line last)
                  (or (< 0 (plist-get end :character)) (= last (plist-get start :line))))))))

(defun redline--open ()
  "The rewrites of this buffer that go on or wait for a decision."
  (seq-filter (lambda (rewrite)
                (member (plist-get rewrite :state) '("requested" "streaming" "proposed" "interrupted")))
              (redline--execute "redline.list" (list :uri (eglot-path-to-uri buffer-file-name)))))

(defun redline--meant (&optional rewrites)
  "The one of REWRITES at point, else the only one."
  (let ((open (or rewrites (redline--open)))
        (line (redline--line (point))))
    (or (seq-find (lambda (rewrite) (redline--touches (plist-get rewrite :region) line)) open)
        (and (= (length open) 1) (elt open 0))
        (user-error (if open "Redline: put point into one of the rewrites" "Redline: no rewrite is open here")))))

(defun redline--begin-step ()
  "Let the next edit begin an undo step: taking back is not part of what it takes back."
  (setq redline--edited nil))

(defun redline--decide (command &optional more)
  "Send COMMAND for the rewrite that is meant, with MORE in its argument."
  (redline--begin-step)
  (redline--execute command (append (list :rewrite (plist-get (redline--meant) :rewrite)) more)))

;;;###autoload
(defun redline-rewrite (instruction &optional begin end)
  "Rewrite the lines from BEGIN to END as INSTRUCTION says; without a region, the current line's."
  (interactive
   (cons (read-string "Redline: " nil 'redline-history)
         (if (use-region-p) (list (region-beginning) (region-end)) (list (point) (point)))))
  (let* ((begin (or begin (point)))
         (end (or end begin))
         ;; A region of whole lines ends at the start of the next one.
         (last (if (and (< begin end) (save-excursion (goto-char end) (bolp))) (1- end) end)))
    (redline--execute "redline.ask"
                      (list :file buffer-file-name
                            :from (1+ (redline--line begin))
                            :to (1+ (redline--line last))
                            :ask instruction))
    (deactivate-mark)))

(defun redline-accept ()
  "Keep the rewrite at point, or the only one."
  (interactive)
  (redline--decide "redline.accept"))

(defun redline-reject ()
  "Take the rewrite at point, or the only one, back."
  (interactive)
  (redline--decide "redline.reject"))

(defun redline--decide-change (command)
  "Send COMMAND for the change at point."
  (let* ((rewrite (redline--meant))
         (line (redline--line (point)))
         (change (seq-find (lambda (hunk)
                             (and (member (plist-get hunk :state) '("pending" "conflict"))
                                  (redline--touches (plist-get hunk :range) line)))
                           (plist-get rewrite :hunks))))
    (unless change
      (user-error "Redline: no change waits here"))
    (redline--begin-step)
    (redline--execute command (list :rewrite (plist-get rewrite :rewrite) :hunk (plist-get change :index)))))

(defun redline-accept-change ()
  "Keep the change at point only."
  (interactive)
  (redline--decide-change "redline.accept"))

(defun redline-reject-change ()
  "Take the change at point back only."
  (interactive)
  (redline--decide-change "redline.reject"))

(defun redline-interrupt ()
  "Stop the stream; what came in complete lines waits for a decision."
  (interactive)
  (redline--decide "redline.interrupt"))

(defun redline-redirect (instruction)
  "Stop, take the text back, and start anew with INSTRUCTION."
  (interactive (list (read-string "Redline, instead: " nil 'redline-history)))
  (redline--decide "redline.redirect" (list :instruction instruction)))

(defun redline-retry ()
  "Ask the same again."
  (interactive)
  (redline--decide "redline.retry"))

(defun redline-status ()
  "Show the connection and the model."
  (interactive)
  (let ((status (redline--execute "redline.status")))
    (message "Redline: %s, %s%s"
             (plist-get status :connection)
             (plist-get status :model)
             (if (plist-get status :problem) (concat ", " (plist-get status :problem)) ""))))

(provide 'redline)
;;; redline.el ends here
