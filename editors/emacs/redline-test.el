;;; redline-test.el --- Redline in a real Emacs -*- lexical-binding: t -*-

;;; Commentary:

;; Runs the real server with its built-in rules, which need no network:
;;
;;   emacs --batch -Q -L editors/emacs -l redline-test -f ert-run-tests-batch-and-exit
;;
;; REDLINE_BIN names the server; without it the one on the PATH is started.

;;; Code:

(require 'ert)
(require 'redline)

(defconst redline-test-text "def area(width, height):\n    return width * height\n\n\nprint(area(1, 2))\n")

(defconst redline-test-renamed "def area(breadth, height):\n    return breadth * height\n\n\nprint(area(1, 2))\n")

(defmacro redline-test-wait (condition)
  "Handle what comes from the server until CONDITION holds."
  `(with-timeout (20 (error "Waited in vain for %S, the text is %S" ',condition (buffer-string)))
     (while (not ,condition)
       (accept-process-output nil 0.01))))

(defun redline-test-call (body)
  "Call BODY in a buffer that Redline serves."
  (let* ((folder (make-temp-file "redline-" t))
         (file (expand-file-name "a.py" folder))
         (eglot-sync-connect 20)
         (eglot-autoshutdown t)
         (eglot-report-progress nil)
         (redline-command (list (or (getenv "REDLINE_BIN") "redline") "lsp"))
         (process-environment (append (list (concat "XDG_CONFIG_HOME=" folder) (concat "XDG_STATE_HOME=" folder))
                                      process-environment)))
    (redline-setup 'python-mode)
    (with-temp-file file (insert redline-test-text))
    (with-current-buffer (find-file-noselect file)
      (unwind-protect
          (progn
            (python-mode)
            (buffer-enable-undo)
            (apply #'eglot (eglot--guess-contact))
            (should (= eglot-send-changes-idle-time 0.1))
            (funcall body))
        (set-buffer-modified-p nil)
        (when (eglot-current-server)
          (eglot-shutdown (eglot-current-server)))
        (kill-buffer)
        (delete-directory folder t)))))

(defun redline-test-propose ()
  "Ask for a rewrite of the function, and wait until it waits."
  (redline-rewrite "rename width to breadth" (point-min) (save-excursion (goto-char (point-min)) (forward-line 2) (point)))
  (redline-test-wait (equal (plist-get (redline--meant) :state) "proposed"))
  (should (equal (buffer-string) redline-test-renamed)))

(ert-deftest redline-rewrite-is-accepted-and-saved ()
  (redline-test-call
   (lambda ()
     (redline-test-propose)
     (redline-accept)
     (redline-test-wait (= (length (redline--open)) 0))
     (save-buffer)
     (let ((file buffer-file-name))
       (with-temp-buffer
         (insert-file-contents file)
         (should (equal (buffer-string) redline-test-renamed)))))))

(ert-deftest redline-rewrite-is-rejected ()
  (redline-test-call
   (lambda ()
     (redline-test-propose)
     (redline-reject)
     (redline-test-wait (equal (buffer-string) redline-test-text)))))

(ert-deftest redline-change-at-point-is-rejected ()
  (redline-test-call
   (lambda ()
     (redline-test-propose)
     (goto-char (point-min))
     (redline-reject-change)
     (redline-test-wait (equal (buffer-string) redline-test-text)))))

(ert-deftest redline-one-undo-takes-a-rewrite-back ()
  (redline-test-call
   (lambda ()
     (undo-boundary)
     (redline-test-propose)
     (redline-accept)
     (redline-test-wait (= (length (redline--open)) 0))
     (undo-boundary)
     (undo)
     (should (equal (buffer-string) redline-test-text)))))

(ert-deftest redline-refusal-is-told ()
  (redline-test-call
   (lambda ()
     (should-error (redline-accept) :type 'user-error))))

(provide 'redline-test)
;;; redline-test.el ends here
